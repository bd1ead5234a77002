"""A training under Ray Train: the very function that trains in one process, in several."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
import ray.train
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer

from supercorrect.cluster import Training
from supercorrect.errors import SuperCorrectError, TrainingFailedError
from supercorrect.progress import Reporter, Task
from supercorrect.scale.surroundings import Surroundings
from supercorrect.store import write_json_atomic
from supercorrect.training.launching import show_progress
from supercorrect.training.worker import PROGRESS

MOST_FAILURES = 3
"""So often a training goes on from its newest checkpoint after the loss of a process."""
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class ProcessPart:
    """What each process is told.

    Attributes:
        training: The training, in Ray's object store.
        folder: Where the first process says how far it is.
    """

    training: Any
    folder: Path
    surroundings: Surroundings


def train_on_ray(training: Training, processes: int, task: Task, *, cores: int, threads: int, use_gpu: bool) -> int:
    """Train in several processes; a lost one is started again, and all go on from the newest checkpoint.

    Args:
        cores: That each process takes.
        threads: Of each process.

    Returns:
        Optimiser steps taken.

    Raises:
        TrainingFailedError: It failed too often.
    """
    folder = training.folder / "ray"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    part = ProcessPart(ray.put(training), folder, Surroundings.of_this_process(threads))
    resources = {"CPU": cores, "GPU": 1} if use_gpu else {"CPU": cores}
    trainer = TorchTrainer(
        _train_part,
        train_loop_config={"part": part},
        torch_config=TorchConfig(backend="nccl" if use_gpu else "gloo"),
        scaling_config=ScalingConfig(num_workers=processes, use_gpu=use_gpu, resources_per_worker=resources),
        run_config=RunConfig(
            name="train", storage_path=str(folder.resolve()), failure_config=FailureConfig(max_failures=MOST_FAILURES)
        ),
    )
    try:
        with _shown(folder / PROGRESS, task):
            trainer.fit()
    except ray.train.WorkerGroupError as error:
        raise _reason(error) from error
    shutil.rmtree(folder)
    return int(json.loads((training.folder / "training.json").read_text(encoding="utf-8"))["steps"])


def _train_part(config: dict[str, ProcessPart]) -> None:
    """What each of Ray Train's processes runs; they know of each other through torch.distributed."""
    part = config["part"]
    part.surroundings.apply()
    if not ray.get_gpu_ids():
        os.environ["ACCELERATE_USE_CPU"] = "true"
    reporter = Reporter(quiet=True)
    if ray.train.get_context().get_world_rank() == 0:
        reporter.watch = lambda label, *row: write_json_atomic(part.folder / PROGRESS, row)
    with reporter.task("train", total=1) as task:
        ray.get(part.training).run(task)


@contextmanager
def _shown(path: Path, task: Task) -> Iterator[None]:
    """Show what the first process says, while this one waits."""
    ended = threading.Event()

    def show() -> None:
        while not ended.wait(_POLL_SECONDS):
            show_progress(path, task)

    watcher = threading.Thread(target=show, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _reason(error: ray.train.WorkerGroupError) -> SuperCorrectError:
    """What one of the processes raised, where it is ours."""
    for failure in error.worker_failures.values():
        cause: Exception = getattr(failure, "_base_exc", failure)
        if isinstance(cause, SuperCorrectError):
            return cause
    return TrainingFailedError(f"{error} The same command goes on from the newest checkpoint")
