"""Whole trainings with the sandbox's student: resumed, accumulated, replayed, with adapters."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from supercorrect.config import CrossDPOConfig, LoraConfig, StudentConfig
from supercorrect.errors import TrainingDataError
from supercorrect.models.weights import load_model, resolve_model_path
from supercorrect.progress import Reporter, Task
from supercorrect.training import reference as reference_module
from supercorrect.training.cross_dpo import train_cross_dpo
from supercorrect.training.rendering import TrainingRow

STUDENT = "supercorrect.sandbox:base_student"
CONFIG = CrossDPOConfig(
    learning_rate=1e-3, max_steps=6, per_device_batch_size=4, save_steps=2, replay_weight=1.0, replay_batch_size=2
)


@dataclass(frozen=True)
class Ids:
    problem_id: str
    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


class KilledError(Exception):
    """Stands for the end of the process."""


class KillingTask(Task):
    """Ends the training while step `kill_at` is reported."""

    kill_at = 0

    def update(self, done: int, note: str | None = None) -> None:
        if done == self.kill_at:
            raise KilledError


def make_pairs(count: int = 8) -> list[Ids]:
    numbers = random.Random(0)

    def ids(low: int, high: int) -> list[int]:
        return [numbers.randrange(2, 90) for _ in range(numbers.randint(low, high))]

    prompts = [ids(10, 30) for _ in range(3)]
    return [Ids(str(i % 3), prompts[i % 3] + ids(0, 6), ids(2, 12), ids(2, 12)) for i in range(count)]


def make_replay() -> list[TrainingRow]:
    numbers = random.Random(1)
    rows = [[numbers.randrange(2, 90) for _ in range(numbers.randint(9, 20))] for _ in range(5)]
    return [TrainingRow(row, [-100] * 4 + row[4:]) for row in rows]


def train(folder: Path, config: CrossDPOConfig = CONFIG, *, kill_at: int = 0) -> list[dict[str, float]]:
    folder.mkdir(exist_ok=True)
    task = KillingTask("train", 1, Reporter(quiet=True))
    task.kill_at = kill_at
    student = StudentConfig(model=STUDENT)
    train_cross_dpo(
        STUDENT, make_pairs(), make_replay(), config, student, folder=folder, fingerprint="f", seed=3, task=task
    )
    curve: list[dict[str, float]] = json.loads((folder / "training.json").read_text())["log"]
    return curve


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_file(folder / "model" / "model.safetensors"))


@pytest.mark.parametrize("lora", [None, LoraConfig(r=4, dropout=0.1)], ids=["full", "lora"])
def test_a_killed_training_ends_as_if_it_had_not_been(lora: LoraConfig | None, tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"lora": lora})
    whole = train(tmp_path / "whole", config)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", config, kill_at=5)
    assert not (tmp_path / "killed" / "model").exists()
    (tmp_path / "killed" / "state" / "checkpoint-4" / "COMPLETE.json").unlink()  # torn: the one before it counts
    assert train(tmp_path / "killed", config) == whole
    assert [entry["step"] for entry in whole] == [1, 2, 3, 4, 5, 6]
    expected = weights(tmp_path / "whole")
    assert all(torch.equal(value, expected[name]) for name, value in weights(tmp_path / "killed").items())


def test_it_learns_and_logs_both_sides(tmp_path: Path) -> None:
    curve = train(tmp_path, CONFIG.model_copy(update={"max_steps": 12}))
    assert curve[0]["margins"] == pytest.approx(0.0, abs=1e-5)  # the policy begins as the reference
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert curve[-1]["accuracies"] == 1.0
    assert curve[-1]["margins"] == pytest.approx(curve[-1]["chosen_rewards"] - curve[-1]["rejected_rewards"])
    assert {"chosen_logps", "rejected_logps", "replay_loss"} <= curve[-1].keys()


def test_the_model_left_is_a_plain_one(tmp_path: Path) -> None:
    train(tmp_path, CONFIG.model_copy(update={"lora": LoraConfig(r=2), "max_steps": 1}))
    model = load_model(str(tmp_path / "model"))
    assert model.config._attn_implementation == "sdpa"
    assert not list((tmp_path / "model").glob("adapter_*"))
    assert weights(tmp_path).keys() == load_file(f"{resolve_model_path(STUDENT)}/model.safetensors").keys()


def test_one_step_cut_in_four_is_the_same_step(tmp_path: Path) -> None:
    """Ragged lengths: a mean of means over micro-batches would weigh tokens and pairs otherwise."""
    config = CONFIG.model_copy(update={"max_steps": 2, "chosen_sft_weight": 0.5, "per_device_batch_size": 8})
    cut = {"per_device_batch_size": 2, "gradient_accumulation_steps": 4, "replay_batch_size": 2}
    at_once = train(tmp_path / "one", config.model_copy(update={"replay_batch_size": 8}))
    in_four = train(tmp_path / "four", config.model_copy(update=cut))
    assert [e["loss"] for e in in_four] == pytest.approx([e["loss"] for e in at_once], abs=1e-5)
    assert [e["grad_norm"] for e in in_four] == pytest.approx([e["grad_norm"] for e in at_once], rel=1e-4)


def test_gradient_checkpointing_changes_nothing(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"max_steps": 2})
    plain = train(tmp_path / "plain", config)
    assert train(tmp_path / "saving", config.model_copy(update={"gradient_checkpointing": True})) == plain


def test_bf16_stays_near_fp32(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"max_steps": 2})
    plain, half = train(tmp_path / "32", config), train(tmp_path / "16", config.model_copy(update={"bf16": True}))
    assert [e["loss"] for e in half] == pytest.approx([e["loss"] for e in plain], rel=0.02)


def test_the_reference_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tmp_path, CONFIG.model_copy(update={"max_steps": 1}))
    stored = (tmp_path / "reference.json").read_text()

    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(reference_module, "compute_reference", never)
    train(tmp_path, CONFIG.model_copy(update={"max_steps": 1}))
    assert (tmp_path / "reference.json").read_text() == stored
    (tmp_path / "reference.json").write_text(stored.replace('"fingerprint": "', '"fingerprint": "0'))
    with pytest.raises(AssertionError, match="computed again"):
        train(tmp_path, CONFIG.model_copy(update={"max_steps": 1}))


def test_a_training_killed_after_its_last_step_takes_no_further_one(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"max_steps": 3, "save_steps": 1})
    curve = train(tmp_path, config)
    assert len(curve) == 3 and train(tmp_path, config) == curve


def test_a_collapsing_chosen_side_is_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    runaway = {"learning_rate": 0.3, "max_steps": 8, "replay_weight": 0.0, "beta": 5.0}
    with caplog.at_level(logging.WARNING):
        train(tmp_path, CONFIG.model_copy(update=runaway))
    assert sum("the chosen side collapses" in record.message for record in caplog.records) == 1


def test_an_empty_side_is_refused_before_any_step(tmp_path: Path) -> None:
    pairs = [Ids("p", [1], [], [2])]
    with pytest.raises(TrainingDataError, match="pair 1 of 1 has an empty side"):
        train_cross_dpo(
            STUDENT,
            pairs,
            [],
            CONFIG,
            StudentConfig(model=STUDENT),
            folder=tmp_path,
            fingerprint="f",
            seed=0,
            task=Task("train", 1, Reporter(quiet=True)),
        )
