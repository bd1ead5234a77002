"""Runs a command and ends it, with all that it started, once the process that asked for it is gone.

A program of its own, started by `watched` as `watchdog.py PARENT_PID GRACE_SECONDS COMMAND…`: it imports nothing
but the standard library. Looking at the parent's pid works on every Unix, from every thread, and for a parent that was
killed by SIGKILL; it is not misled by forks that inherit a pipe.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

_POLL_SECONDS = 0.2


def main(parent_pid: int, grace_seconds: float, command: list[str]) -> int:
    """Returns the exit code of the command; 127: there is no such command."""
    ending = False

    def end(number: int, frame: object) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGTERM, end)
    try:
        process = subprocess.Popen(command, start_new_session=True)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201  # the parent reads it from here
        return 127
    while process.poll() is None and not ending and os.getppid() == parent_pid:
        time.sleep(_POLL_SECONDS)
    _end_group(process, grace_seconds)
    return process.returncode


def _end_group(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Ask the command's whole session to end, and make it end when the time of grace is over."""
    for number, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
            process.wait(seconds)
        except (ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
            continue


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
