"""Stage 1's training: packed rows that do not leak, adapters, the end of the turn, what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Lfm2Config, Lfm2ForCausalLM

from supercorrect.config import LoraConfig, StudentConfig, SupervisedConfig
from supercorrect.errors import ConfigError, TrainingDataError
from supercorrect.models.weights import load_model, load_tokenizer, resolve_model_path
from supercorrect.progress import Reporter
from supercorrect.training.batch_order import LengthSampler
from supercorrect.training.rendering import TrainingRow, training_row
from supercorrect.training.supervised import require_isolation, train_supervised

STUDENT = "supercorrect.sandbox:base_student"
WORDS = ("Ann", "starts", "at", "3", "; first", "plus 4", "= 7", "second times 2")


def make_rows(count: int) -> list[TrainingRow]:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    tokenizer = load_tokenizer(STUDENT)
    return [
        training_row(tokenizer, " ".join(rng.choices(WORDS, k=3)), " ".join(rng.choices(WORDS, k=rng.randint(1, 9))))
        for _ in range(count)
    ]


def train(rows: list[TrainingRow], folder: Path, **settings: Any) -> list[dict[str, float]]:
    config = SupervisedConfig(**({"learning_rate": 1e-3, "max_steps": 2, "per_device_batch_size": 2} | settings))
    with Reporter(quiet=True).task("train", total=1) as task:
        train_supervised(
            STUDENT, rows, config, StudentConfig(model=STUDENT), folder=folder, fingerprint="x", seed=0, task=task
        )
    log: list[dict[str, float]] = json.loads((folder / "training.json").read_text())["log"]
    return log


def mean_loss(rows: list[TrainingRow]) -> float:
    """Of each row alone: the mean over all tokens that are trained."""
    model = load_model(STUDENT)
    total, count = 0.0, 0
    for row in rows:
        with torch.no_grad():
            logits = model(torch.tensor([row.input_ids])).logits[0, :-1]
        labels = torch.tensor(row.labels[1:])
        total += torch.nn.functional.cross_entropy(logits, labels, ignore_index=-100, reduction="sum").item()
        count += int((labels != -100).sum())
    return total / count


def test_packed_rows_do_not_see_each_other(tmp_path: Path) -> None:
    rows = make_rows(12)
    longest = max(len(row.input_ids) for row in rows)
    log = train(rows, tmp_path, packing=True, max_length=4 * longest, max_steps=1, per_device_batch_size=12)
    assert log[0]["loss"] == pytest.approx(mean_loss(rows), rel=1e-5)


def test_packing_takes_fewer_rows(tmp_path: Path) -> None:
    rows = make_rows(24)
    log = train(rows, tmp_path, packing=True, max_length=400, max_steps=None, num_epochs=1, per_device_batch_size=1)
    tokens = sum(len(row.input_ids) for row in rows)
    assert tokens / 400 <= len(log) <= tokens / 400 + 2


def test_packing_needs_a_length_and_full_attention() -> None:
    with pytest.raises(ValueError, match="max_length"):
        SupervisedConfig(packing=True)
    config = Lfm2Config(hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, vocab_size=64)
    with pytest.raises(ConfigError, match="full attention"):
        require_isolation(Lfm2ForCausalLM(config))


def test_adapters_are_merged_into_a_plain_model_that_has_changed(tmp_path: Path) -> None:
    train(make_rows(6), tmp_path, lora=LoraConfig(r=4), learning_rate=1e-2)
    assert not list((tmp_path / "model").glob("adapter_*"))
    trained, base = load_model(str(tmp_path / "model")), load_model(STUDENT)
    changed = [n for n, p in trained.named_parameters() if not torch.equal(p, base.get_parameter(n))]
    assert any("q_proj" in name for name in changed)
    assert not any("embed_tokens" in name or "norm" in name for name in changed)


def test_rows_that_are_too_long_are_never_cut(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="longer than max_length=5"):
        train(make_rows(2), tmp_path, max_length=5)


def test_the_shipped_student_is_where_training_begins(tmp_path: Path) -> None:
    rows = make_rows(2)
    assert train(rows, tmp_path, max_steps=1)[0]["loss"] == pytest.approx(mean_loss(rows), rel=1e-5)
    assert Path(resolve_model_path(STUDENT)).is_dir()


def test_how_a_step_is_cut_into_micro_batches_changes_nothing(tmp_path: Path) -> None:
    rows = make_rows(22)
    cuts = {"whole": (6, 1), "in three": (2, 3)}
    logs = {
        name: train(
            rows, tmp_path / name, max_steps=6, per_device_batch_size=size, gradient_accumulation_steps=accumulated
        )
        for name, (size, accumulated) in cuts.items()
    }
    whole, cut = ([step["loss"] for step in logs[name] if "loss" in step] for name in cuts)
    assert len(whole) == 6
    assert cut == pytest.approx(whole, rel=1e-4)


def test_every_epoch_has_each_row_once_and_each_step_its_rows_by_length() -> None:
    lengths = random.Random(0).choices(range(5, 60), k=50)
    sampler = LengthSampler(lengths, global_batch_size=12, seed=3)
    epochs = []
    for epoch in (0, 1, 1):
        sampler.set_epoch(epoch)
        epochs.append(list(sampler))
    assert all(sorted(order) == list(range(50)) for order in epochs)
    assert epochs[0] != epochs[1] == epochs[2]
    for begun in range(0, 50, 12):
        step = [lengths[i] for i in epochs[0][begun : begun + 12]]
        assert step == sorted(step)
