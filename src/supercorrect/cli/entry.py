"""The entry point: signals, and one message with its exit code for every error of ours."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from types import FrameType
from typing import NoReturn

from rich.console import Console

from supercorrect.cli.application import app
from supercorrect.errors import SuperCorrectError
from supercorrect.visible_text import plain_text

PROCESS_DEFAULTS = {
    "OMP_WAIT_POLICY": "passive",  # waiting threads that spin make a busy machine ten times slower
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
}
STORAGE_FAILURES = (
    *("No space left", "File too large", "Disk quota", "Input/output error"),
    *("PytorchStreamWriter", "inline_container", "iostream error"),  # torch, in a checkpoint
)
"""Words in errors that are no `OSError`, from libraries written in other languages."""
TRAINING_PACKAGES = ("torch", "transformers", "tokenizers", "trl", "accelerate", "peft", "safetensors")
"""What the extra `train` brings along."""


class _StopSignalError(BaseException):
    """SIGINT or SIGTERM; not an Exception, so that no library takes it for a failure of its own."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number


def main() -> NoReturn:
    """Entry point: every error of ours becomes one message and its exit code."""
    for name, value in PROCESS_DEFAULTS.items():
        os.environ.setdefault(name, value)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _on_signal)
    try:
        app()
    except SuperCorrectError as error:
        _fail(str(error), error.exit_code)
    except _StopSignalError as stop:
        _fail(f"interrupted; what is finished is kept. Go on with: {_resuming(sys.argv[1:])}", 128 + stop.signal_number)
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_PACKAGES:
            raise
        _fail(f"{error.name} is not installed: students that run here need `pip install 'supercorrect[train]'`", 2)
    except Exception as error:
        if not _is_storage_failure(error):
            raise
        _fail(f"cannot write: {error}; free some space and run again, all that is committed stays", 74)
    sys.exit(0)


def _resuming(arguments: list[str]) -> str:
    """The command that goes on from here: the same one, without the `--from` that would begin again."""
    kept = [a for i, a in enumerate(arguments) if not a.startswith("--from") and arguments[max(i - 1, 0)] != "--from"]
    return shlex.join(["supercorrect", *kept])


def _is_storage_failure(error: BaseException) -> bool:
    """Whether the disk is behind an error."""
    return isinstance(error, OSError) or any(words in str(error) for words in STORAGE_FAILURES)


def _on_signal(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # the second one ends the process at once
    raise _StopSignalError(number)


def _fail(message: str, exit_code: int) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"error: {plain_text(message)}", markup=False, soft_wrap=True)
    sys.exit(exit_code)
