"""A training in this process, or on several devices in child processes that run the very same functions."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from supercorrect import errors
from supercorrect.cluster import Cluster
from supercorrect.config import HardwareConfig
from supercorrect.errors import ConfigError, SuperCorrectError, TrainingFailedError
from supercorrect.models.watched import watched
from supercorrect.progress import Task
from supercorrect.training.jobs import TrainingJob, write_job
from supercorrect.training.worker import FAILURES, PROGRESS

_POLL_SECONDS = 0.5
_GRACE_SECONDS = 10.0
_SHOWN_LINES = 15


def train(job: TrainingJob, hardware: HardwareConfig, task: Task, cluster: Cluster | None = None) -> int:
    """Train as the recipe's `hardware` section says; a training that was killed goes on from its newest checkpoint.

    A model that is spread over devices (`fsdp2`, `zero3`) is trained on this machine's, also where there is a cluster.

    Raises:
        ConfigError: What the strategy needs is not installed, or there are fewer GPUs than `devices`.
        TrainingFailedError: A process ended otherwise; the message says which, and why.

    Returns:
        Optimiser steps taken.
    """
    if cluster is not None and hardware.strategy == "ddp":
        return cluster.train(job.on_devices(hardware.devices), hardware.devices, task)
    if hardware.devices == 1:
        return job.run(task)
    _require(hardware)
    _release_memory()
    folder = job.folder / "launch"
    shutil.rmtree(folder, ignore_errors=True)
    write_job(job.on_devices(hardware.devices), folder)
    _run_processes(_launch_command(job, hardware, folder), folder, task)
    shutil.rmtree(folder)
    return int(json.loads((job.folder / "training.json").read_text(encoding="utf-8"))["steps"])


def _require(hardware: HardwareConfig) -> None:
    import torch

    if hardware.strategy == "zero3" and find_spec("deepspeed") is None:
        raise ConfigError("hardware.strategy: zero3 needs DeepSpeed; `pip install deepspeed`, or take fsdp2")
    there = torch.cuda.device_count()
    if there == 0 and hardware.strategy != "ddp":
        raise ConfigError(f"hardware.strategy: {hardware.strategy} needs GPUs, and torch sees none; on CPUs take ddp")
    if 0 < there < hardware.devices:
        raise ConfigError(f"hardware.devices: expected {hardware.devices} GPUs, {there} are visible to torch")


def _release_memory() -> None:
    """Give back what this process still holds of the GPU that its first child will take."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _launch_command(job: TrainingJob, hardware: HardwareConfig, folder: Path) -> list[str]:
    import torch

    config = files("supercorrect.training") / "accelerate" / f"{hardware.strategy}.yaml"
    options = {
        "--config_file": str(config),
        "--num_processes": str(hardware.devices),
        "--mixed_precision": "bf16" if job.config.bf16 else "no",
        "--num_cpu_threads_per_process": str(max(1, torch.get_num_threads() // hardware.devices)),
        "--main_process_port": "0",
    }
    command = [sys.executable, "-m", "accelerate.commands.launch"]
    command += [word for option in options.items() for word in option]
    return [*command, "-m", "supercorrect.training.worker", str(folder)]


def _run_processes(command: list[str], folder: Path, task: Task) -> None:
    """Run to the end, showing how far the first process is; whatever ends this process ends them."""
    import torch

    on_cpu = {} if torch.cuda.is_available() else {"ACCELERATE_USE_CPU": "true"}
    output = folder / "output.log"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            watched(command, _GRACE_SECONDS),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us, who end them
            env=os.environ | on_cpu,
        )
    try:
        while process.poll() is None:
            time.sleep(_POLL_SECONDS)
            show_progress(folder / PROGRESS, task)
    finally:
        process.terminate()
        process.wait()
    if process.returncode:
        raise _failure(folder, output, process.returncode)


def show_progress(path: Path, task: Task) -> None:
    """Show what the first process last wrote to `path`."""
    if path.exists():
        done, task.total, note = json.loads(path.read_text(encoding="utf-8"))
        task.update(done, note)


def _failure(folder: Path, output: Path, code: int) -> SuperCorrectError:
    """What the process that failed first said; the others fail because it is gone."""
    said = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (folder / FAILURES).glob("*.json")}
    if not said:
        with output.open(encoding="utf-8", errors="replace") as stream:
            last_lines = "".join(deque(stream, maxlen=_SHOWN_LINES)).rstrip() or "(none)"
        return TrainingFailedError(
            f"the training's processes ended with code {code} and gave no reason; the system may have ended one for "
            f"its memory. Their last lines, of {output}:\n{last_lines}"
        )
    rank, first = min(said.items(), key=lambda one: one[1]["time"])
    kind = getattr(errors, first["kind"], None)
    if isinstance(kind, type) and issubclass(kind, SuperCorrectError):
        return kind(first["message"])
    return TrainingFailedError(
        f"process {rank} of the training failed: {first['kind']}: {first['message']}. All output is in {output}; the "
        "same command goes on from the newest checkpoint"
    )
