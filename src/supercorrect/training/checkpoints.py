"""Checkpoints that are complete or not there: a marker with the hash of every file is written last."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from supercorrect.progress import Task
from supercorrect.store import file_sha256, move_into_place, write_json_atomic
from supercorrect.training.lora import merge_adapters
from supercorrect.training.processes import this_process

MARKER = "COMPLETE.json"
OWNER = "stage.json"


class CompletionMarker(TrainerCallback):  # type: ignore[misc]
    """Marks each checkpoint as complete once the trainer has written all of it."""

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Hash the files of the checkpoint just written, by whichever process, then write the marker."""
        this_process().wait_for_everyone()
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        for file in folder.rglob("*"):
            if file.is_file():
                _flush_to_disk(file)
        write_json_atomic(folder / MARKER, _hashes(folder))


class StepReporter(TrainerCallback):  # type: ignore[misc]
    """Shows each optimiser step, and the newest loss, on a progress task."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Advance the bar."""
        losses = [entry["loss"] for entry in state.log_history[-2:] if "loss" in entry]
        self._task.total = state.max_steps
        self._task.update(state.global_step, f"loss {losses[-1]:.3f}" if losses else None)


def claim_state(folder: Path, fingerprint: str) -> None:
    """Make a state folder this stage's own: what another recipe or other data left there is deleted."""
    owner = folder / OWNER
    try:
        owned = json.loads(owner.read_text(encoding="utf-8")) == {"fingerprint": fingerprint}
    except (OSError, ValueError):
        owned = False
    if not owned:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json_atomic(owner, {"fingerprint": fingerprint})


def latest_complete(folder: Path) -> Path | None:
    """The newest checkpoint that training can go on from, with all files as its marker says; None if there is none."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    return next((path for path in found if _is_complete(path) and not _ended_within_an_epoch(path)), None)


def _ended_within_an_epoch(checkpoint: Path) -> bool:
    """Whether it is of the last step, and no epoch ended there: from such a one the trainer takes a step too many."""
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    return bool(state["global_step"] >= state["max_steps"] and state["epoch"] % 1 != 0)


def publish_model(trainer: Any, tokenizer: Any, folder: Path, *, merge_into: Callable[[], Any] | None = None) -> None:
    """Save a trained model and its tokenizer under `folder`, whole or not at all.

    Under `accelerate launch` every process calls this; the first one writes.

    Args:
        trainer: With the trained model.
        tokenizer: As the model was trained with it.
        folder: Receives a plain model.
        merge_into: Where adapters were trained: loads the model that they belong to. None: all weights were trained.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    if trainer.is_world_process_zero():
        shutil.rmtree(unfinished, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(unfinished))
    if not trainer.is_world_process_zero():
        return
    if merge_into is not None:
        merge_adapters(merge_into(), unfinished)
    tokenizer.save_pretrained(str(unfinished))
    (unfinished / "training_args.bin").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    move_into_place(unfinished, folder)


def write_training_summary(folder: Path, trainer: Any) -> None:
    """Write the steps taken and the curve of what is logged at a step, none of which depends on the clock or on kills.

    TRL's `num_tokens` is left out: it counts from the last resume.
    """
    if trainer.is_world_process_zero():
        logged = [entry for entry in trainer.state.log_history if "loss" in entry]
        curve = [{name: entry[name] for name in sorted(entry) if name != "num_tokens"} for entry in logged]
        write_json_atomic(folder / "training.json", {"steps": trainer.state.global_step, "log": curve})


def _is_complete(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / MARKER).read_text(encoding="utf-8")) == _hashes(folder))
    except (OSError, ValueError):
        return False


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MARKER)
    return {str(file.relative_to(folder)): file_sha256(file) for file in files}


def _flush_to_disk(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
