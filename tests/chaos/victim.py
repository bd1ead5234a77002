"""Runs `supercorrect` in forked children, each with one fault, so that a thousand starts do not import torch each time.

A program: started with the failing file layer preloaded, it reads a JSON line for each start, and answers with the
child's process id, then with how it ended and how many writes it came to.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def main() -> None:
    layer = ctypes.CDLL(None)
    for module in ("pipeline", "training.cross_dpo", "training.supervised", "models.transformers_student"):
        importlib.import_module(f"supercorrect.{module}")
    importlib.import_module("openai")
    from supercorrect.cli import main as run_command
    from supercorrect.installation import git_revision

    git_revision()  # kept for all children: git is asked once, and not at each start
    gc.freeze()  # a child's collector would otherwise copy all of this process
    say({"ready": True})
    for line in sys.stdin:
        start = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(start)
            layer.chaos_arm(start["root"].encode(), start["fault"], start["at"], start["jump_seconds"])
            run(run_command)
        say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        say({"status": os.waitstatus_to_exitcode(status), "writes": layer.chaos_count()})


def become(start: dict) -> None:
    """Make this child the command: its arguments, its output, its limits."""
    sys.argv = ["supercorrect", *start["arguments"]]
    output = os.open(start["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if start["largest_file"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (start["largest_file"], start["largest_file"]))
    os.chdir(Path(start["root"]).parent)


def run(command: Callable[[], object]) -> NoReturn:
    """End this child as the command ends it, without taking down what it has from its parent."""
    code: object = 1
    try:
        command()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  # whatever it is, the test reads it
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def say(message: dict) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
