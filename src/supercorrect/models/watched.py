"""Child processes that never outlive the process that started them, and the last words of one that has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_WATCHDOG = Path(__file__).with_name("watchdog.py")
_GRACE_SECONDS = 15.0
_SHOWN_LINES = 15


def watched(command: Sequence[str], grace_seconds: float) -> list[str]:
    """A command under a watchdog that ends it, with all that it started, when this process is gone, even by SIGKILL.

    Args:
        grace_seconds: How long it has between being asked to end and being made to.
    """
    return [sys.executable, "-I", "-S", str(_WATCHDOG), str(os.getpid()), str(grace_seconds), *command]


def start_watched(
    command: Sequence[str], *, stdin: int, stdout: int | IO[bytes], stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a watched command. `terminate` ends it and all that it started; Ctrl-C does not reach it: it is for us."""
    return subprocess.Popen(
        watched(command, _GRACE_SECONDS),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def last_lines(output: IO[bytes]) -> str:
    """The end of what a program wrote into a file."""
    output.seek(0)
    shown = b"".join(deque(output, maxlen=_SHOWN_LINES)).decode("utf-8", errors="replace").rstrip()
    return shown or "(none)"
