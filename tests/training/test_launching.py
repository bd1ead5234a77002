"""Trainings on several devices: two processes (gloo, CPU) do what one does, and end with whoever started them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from supercorrect.config import CrossDPOConfig, HardwareConfig, StudentConfig, SupervisedConfig, TrainingConfig
from supercorrect.errors import ConfigError, TrainingDataError, TrainingFailedError
from supercorrect.progress import Reporter, Task
from supercorrect.training.checkpoints import MARKER
from supercorrect.training.jobs import PairIds, TrainingJob, read_job, write_job
from supercorrect.training.launching import train
from supercorrect.training.rendering import TrainingRow

STUDENT = "supercorrect.sandbox:base_student"
END_OF_TURN = 1
TWO = HardwareConfig(devices=2)
SHARED = {"learning_rate": 1e-3, "max_steps": 4, "save_steps": 2, "per_device_batch_size": 2}


def draw_ids(numbers: random.Random, low: int, high: int) -> list[int]:
    return [numbers.randrange(2, 90) for _ in range(numbers.randint(low, high))]


def make_rows(count: int) -> list[TrainingRow]:
    numbers = random.Random(0)
    rows = [[*draw_ids(numbers, 9, 20), END_OF_TURN] for _ in range(count)]
    return [TrainingRow(row, [-100] * 4 + row[4:]) for row in rows]


def make_pairs(count: int) -> list[PairIds]:
    """Two pairs a problem, which meet in one batch."""
    numbers = random.Random(1)
    prompts = [draw_ids(numbers, 3, 20) for _ in range(count // 2)]
    return [PairIds(p, draw_ids(numbers, 3, 9), draw_ids(numbers, 3, 9), str(p)) for p in prompts for _ in range(2)]


def make_job(config: TrainingConfig, folder: Path, **changes: Any) -> TrainingJob:
    assert isinstance(config, SupervisedConfig | CrossDPOConfig)
    pairs = make_pairs(16) if isinstance(config, CrossDPOConfig) else []
    values = {"model": STUDENT, "rows": make_rows(24), "student": StudentConfig(model=STUDENT), "pairs": pairs}
    return TrainingJob(config=config, folder=folder, fingerprint="x", seed=3, **(values | changes))  # type: ignore[arg-type]


def run(job: TrainingJob, hardware: HardwareConfig) -> tuple[list[dict[str, float]], Task]:
    with Reporter(quiet=True).task("train", total=1) as task:
        assert train(job, hardware, task) == 4
    assert (job.folder / "model" / "model.safetensors").is_file()
    assert (job.folder / "state" / "checkpoint-4" / MARKER).is_file()
    curve: list[dict[str, float]] = json.loads((job.folder / "training.json").read_text())["log"]
    return curve, task


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [
        SupervisedConfig(**SHARED | {"per_device_batch_size": 4}),
        CrossDPOConfig(**SHARED, gradient_accumulation_steps=2, replay_weight=1.0, replay_batch_size=2),
    ],
    ids=["supervised", "cross_dpo"],
)
def test_two_devices_have_the_loss_curve_of_one(tmp_path: Path, config: TrainingConfig) -> None:
    one, _ = run(make_job(config, tmp_path / "one"), HardwareConfig())
    two, _ = run(make_job(config, tmp_path / "two"), TWO)
    for name in ("loss", "grad_norm", "learning_rate"):
        assert [row[name] for row in two] == pytest.approx([row[name] for row in one], rel=1e-4, abs=1e-7), name
    assert not (tmp_path / "two" / "launch").exists()


def test_a_process_that_refuses_its_data_is_one_error(tmp_path: Path) -> None:
    config = SupervisedConfig(**SHARED, gradient_accumulation_steps=2, max_length=5)
    with pytest.raises(TrainingDataError, match="longer than max_length=5"):
        run(make_job(config, tmp_path), TWO)


def test_a_process_that_ends_without_a_word_shows_its_last_lines(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "supercorrect.training.launching._launch_command",
        lambda *_: [sys.executable, "-c", "print('out of memory'); raise SystemExit(137)"],
    )
    with pytest.raises(TrainingFailedError, match=r"code 137(.|\n)*out of memory"):
        run(make_job(SupervisedConfig(**SHARED, gradient_accumulation_steps=2), tmp_path), TWO)


def test_a_job_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    job = make_job(CrossDPOConfig(**SHARED, gradient_accumulation_steps=6), tmp_path / "arm", report_to=("wandb",))
    write_job(job.on_devices(3), tmp_path)
    read = read_job(tmp_path)
    assert read.config.gradient_accumulation_steps == 2
    assert read.config.per_device_batch_size == job.config.per_device_batch_size
    for name in ("model", "rows", "student", "folder", "fingerprint", "seed", "report_to", "pairs"):
        assert getattr(read, name) == getattr(job, name), name


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("strategy, missing", [("fsdp2", "needs GPUs"), ("zero3", "pip install deepspeed")])
def test_a_strategy_says_what_it_lacks(tmp_path: Path, strategy: Any, missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        run(make_job(SupervisedConfig(**SHARED), tmp_path), HardwareConfig(devices=2, strategy=strategy))


KILLED = """
import pathlib, sys
sys.path.insert(0, sys.argv[2])
from test_launching import SHARED, SupervisedConfig, TWO, make_job, run
config = SupervisedConfig(**SHARED | {"max_steps": 10**6, "save_steps": 10**6}, gradient_accumulation_steps=2)
run(make_job(config, pathlib.Path(sys.argv[1])), TWO)
"""


def workers_of(folder: Path) -> list[int]:
    """Processes that train in a folder."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 1) for line in listed.splitlines() if str(folder) in line]
    return [int(pid) for pid, args in lines if "supercorrect.training.worker" in args]


def wait_until(true: Any, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "nothing happened in time"
        time.sleep(0.2)


@pytest.mark.slow
def test_killing_the_parent_ends_every_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parent)]
    parent = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        wait_until((tmp_path / "launch" / "progress.json").exists, 120)
        assert len(workers_of(tmp_path)) >= 2
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not workers_of(tmp_path), 30)
