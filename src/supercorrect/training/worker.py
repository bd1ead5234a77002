"""One of the processes of a training on several devices; `launching` starts them, and reads what they leave.

    accelerate launch … -m supercorrect.training.worker JOB_FOLDER

The first process says how far it is in `progress.json`; one that fails says why in `failures/<rank>.json`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from supercorrect.progress import Reporter
from supercorrect.store import write_json_atomic
from supercorrect.training.jobs import read_job

PROGRESS, FAILURES = "progress.json", "failures"
_POLL_SECONDS = 0.5


def main(folder: Path) -> int:
    """Do this process's part; returns its exit code."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    rank = int(os.environ.get("RANK", "0"))
    reporter = Reporter(quiet=True)
    if rank == 0:
        reporter.watch = lambda label, *row: write_json_atomic(folder / PROGRESS, row)
    try:
        with reporter.task("train", total=1) as task:
            read_job(folder).run(task)
    except Exception as error:  # noqa: BLE001  # whatever it is, the process that waits has to hear of it
        traceback.print_exc()
        said = {"time": time.time(), "kind": type(error).__name__, "message": str(error)}
        write_json_atomic(folder / FAILURES / f"{rank}.json", said)
        return 1
    return 0


def _end_with_parent(parent_pid: int) -> None:
    """No process goes on training once the launcher is gone: another run may have taken its place."""
    while os.getppid() == parent_pid:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
