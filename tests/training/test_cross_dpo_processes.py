"""Two processes under `accelerate launch` (gloo, CPU) take the steps of one with the same global batch."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from supercorrect.models.weights import resolve_model_path
from supercorrect.training.checkpoints import MARKER

CONFIG = {"learning_rate": 1e-3, "max_steps": 4, "save_steps": 2, "chosen_sft_weight": 0.3, "replay_weight": 1.0}


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_data(folder: Path) -> None:
    numbers = random.Random(0)

    def ids(low: int, high: int) -> list[int]:
        return [numbers.randrange(2, 90) for _ in range(numbers.randint(low, high))]

    sides = ("prompt_ids", "chosen_ids", "rejected_ids")
    write_jsonl(folder / "pairs.jsonl", [{name: ids(3, 20) for name in sides} for _ in range(16)])
    rows = [ids(9, 20) for _ in range(5)]
    write_jsonl(folder / "replay.jsonl", [{"input_ids": row, "labels": [-100] * 4 + row[4:]} for row in rows])


def launch(folder: Path, processes: int, batch_size: int) -> list[dict[str, float]]:
    config, output = folder / f"{processes}.yaml", folder / f"with_{processes}"
    sizes = {"per_device_batch_size": batch_size, "replay_batch_size": batch_size}
    config.write_text(yaml.safe_dump(CONFIG | sizes))
    several = ["--multi_gpu"] if processes > 1 else []  # accelerate's name for several processes; on CPUs it takes gloo
    command = [sys.executable, "-m", "accelerate.commands.launch", *several]
    command += ["--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"]
    command += ["--dynamo_backend", "no", "--num_cpu_threads_per_process", "1", "--main_process_port", "0"]
    command += ["-m", "supercorrect.training", resolve_model_path("supercorrect.sandbox:base_student")]
    command += [str(folder / "pairs.jsonl"), str(output)]
    command += ["--config", str(config), "--replay", str(folder / "replay.jsonl")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=540, env=os.environ | {"ACCELERATE_USE_CPU": "true"}
    )
    assert done.returncode == 0, done.stderr[-4000:]
    curve: list[dict[str, float]] = json.loads((output / "training.json").read_text())["log"]
    assert (output / "model" / "model.safetensors").is_file()
    assert (output / "state" / "checkpoint-4" / MARKER).is_file()
    return curve


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one(tmp_path: Path) -> None:
    write_data(tmp_path)
    one, two = launch(tmp_path, 1, 4), launch(tmp_path, 2, 2)
    for name in ("loss", "grad_norm", "replay_loss", "chosen_logps", "rejected_logps"):
        assert [entry[name] for entry in two] == pytest.approx([entry[name] for entry in one], rel=1e-4, abs=1e-4), name


@pytest.mark.parametrize("name, kind", [("ddp", "MULTI_GPU"), ("fsdp2", "FSDP"), ("zero3", "DEEPSPEED")])
def test_shipped_launch_files_are_known_to_accelerate(name: str, kind: str) -> None:
    from accelerate.commands.config.config_args import ClusterConfig

    path = files("supercorrect.training") / "accelerate" / f"{name}.yaml"
    config = ClusterConfig.from_yaml_file(str(path))
    assert config.distributed_type == kind
    assert config.num_processes == 8
