"""One live process for one run folder; nothing to clean up after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supercorrect.errors import RunLockedError
from supercorrect.store import RunLock

HOLD = """
import os, sys, time
from pathlib import Path
from supercorrect.store import RunLock
with RunLock(Path(sys.argv[1])):
    if "fork" in sys.argv and os.fork() == 0:
        time.sleep(5)
        os._exit(0)
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder), *options], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    holder = hold(tmp_path)
    files = sorted(tmp_path.iterdir())
    began_seconds = time.monotonic()
    with pytest.raises(RunLockedError, match=f"process {holder.pid} is at work") as refused, RunLock(tmp_path):
        pass
    assert refused.value.exit_code == 73
    assert time.monotonic() - began_seconds < 2
    assert sorted(tmp_path.iterdir()) == files
    holder.kill()
    holder.communicate()


@pytest.mark.parametrize("options", [(), ("fork",)], ids=["alone", "a forked worker lives on"])
def test_a_killed_process_leaves_no_lock(tmp_path: Path, options: tuple[str, ...]) -> None:
    holder = hold(tmp_path, *options)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with RunLock(tmp_path):
        assert (tmp_path / "LOCK").read_text() == f"{os.getpid()}\n"


def test_one_process_cannot_hold_a_folder_twice(tmp_path: Path) -> None:
    again = tmp_path / "." / "x" / ".."
    with RunLock(tmp_path), pytest.raises(RunLockedError, match=f"process {os.getpid()} "), RunLock(again):
        pass
    with RunLock(tmp_path):
        pass
