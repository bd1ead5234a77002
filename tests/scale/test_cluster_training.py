"""Ray Train: two processes take the steps of one, and a process that is killed is made up for."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import CrossDPOConfig, StudentConfig
from supercorrect.models.weights import load_tokenizer
from supercorrect.progress import Reporter, Task
from supercorrect.scale.cluster import open_cluster
from supercorrect.training.checkpoints import CompletionMarker
from supercorrect.training.jobs import PairIds, TrainingJob
from supercorrect.training.rendering import training_row
from two_nodes import TwoNodes

STUDENT = "supercorrect.sandbox:base_student"
SETTINGS: dict[str, Any] = {"learning_rate": 1e-3, "max_steps": 4, "save_steps": 2, "replay_weight": 1.0}


def make_job(folder: Path) -> TrainingJob:
    """Cross-DPO with replay; four pairs a step, one after the other."""
    tokenizer = load_tokenizer(STUDENT)
    rows = [training_row(tokenizer, f"{k} plus {k}", f"= {2 * k}") for k in range(9)]
    pairs = [PairIds(row.input_ids[:4], row.input_ids[4:], row.input_ids[5:], None) for row in rows[1:]]
    sizes = {"per_device_batch_size": 1, "gradient_accumulation_steps": 4, "replay_batch_size": 1}
    config = CrossDPOConfig(**SETTINGS, **sizes)
    return TrainingJob(STUDENT, rows, config, StudentConfig(model=STUDENT), folder, "x", 0, pairs=pairs)


def read_curve(folder: Path) -> list[dict[str, float]]:
    curve: list[dict[str, float]] = json.loads((folder / "training.json").read_text())["log"]
    return curve


def train_here(folder: Path) -> list[dict[str, float]]:
    with Reporter(quiet=True).task("train", total=1) as task:
        make_job(folder).run(task)
    return read_curve(folder)


class FaultyJob(TrainingJob):
    """A training whose second process is killed once, behind the first checkpoint."""

    def run(self, task: Task) -> int:
        """Train, with a marker that kills."""
        marked = CompletionMarker.on_save

        def on_save(marker: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            marked(marker, args, state, control, **kwargs)
            killed = self.folder / "killed"
            if os.environ["RANK"] == "1" and not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        CompletionMarker.on_save = on_save
        return super().run(task)


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one(two_nodes: TwoNodes, tmp_path: Path) -> None:
    alone = train_here(tmp_path / "alone")
    with (
        open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster,
        Reporter(quiet=True).task("train", total=1) as task,
    ):
        assert cluster.train(make_job(tmp_path / "one"), 1, task) == 4
        assert cluster.train(make_job(tmp_path / "two").on_devices(2), 2, task) == 4
        faulty = FaultyJob(**vars(make_job(tmp_path / "killed").on_devices(2)))
        assert cluster.train(faulty, 2, task) == 4
    assert (tmp_path / "killed" / "killed").exists()
    assert read_curve(tmp_path / "one") == alone
    two, killed = read_curve(tmp_path / "two"), read_curve(tmp_path / "killed")
    for name in ("loss", "grad_norm", "replay_loss", "chosen_logps", "rejected_logps"):
        assert [entry[name] for entry in two] == pytest.approx([entry[name] for entry in alone], rel=1e-4, abs=1e-4)
    assert killed == two
    models = [(tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("alone", "one")]
    assert models[0] == models[1]
