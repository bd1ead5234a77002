"""Child processes that never outlive the process that started them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_WATCHDOG = Path(__file__).with_name("watchdog.py")


def watched(command: Sequence[str], grace_seconds: float) -> list[str]:
    """A command under a watchdog that ends it, with all that it started, when this process is gone, even by SIGKILL.

    Args:
        grace_seconds: How long it has between being asked to end and being made to.
    """
    return [sys.executable, "-I", "-S", str(_WATCHDOG), str(os.getpid()), str(grace_seconds), *command]
