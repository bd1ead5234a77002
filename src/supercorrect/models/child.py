"""A program of ours or the user's that lives no longer than this process, and the last words of one that has ended."""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Sequence
from typing import IO

from supercorrect.models.watched import watched

_GRACE_SECONDS = 15.0
_SHOWN_LINES = 15


def start_watched(
    command: Sequence[str], *, stdin: int, stdout: int | IO[bytes], stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a command under a small watchdog that stops it, with all that it started, when this process is gone.

    That holds even for SIGKILL. `terminate` stops it, too. Ctrl-C does not reach it: it is for us.
    """
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
