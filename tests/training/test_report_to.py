"""Curves shown elsewhere: asked for in the recipe, given to the trainers, and without effect on anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.errors import ConfigError
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.stage_order import build_stages
from supercorrect.training.arguments import trainer_arguments


def test_it_decides_no_outcome(tmp_path: Path) -> None:
    plain, shown = small_recipe(tmp_path), small_recipe(tmp_path, "report_to=[tensorboard, wandb]")
    assert [s.settings for s in build_stages(plain)] == [s.settings for s in build_stages(shown)]


def test_the_trainers_are_told(tmp_path: Path) -> None:
    config = small_recipe(tmp_path).hsft
    assert trainer_arguments(config, output_dir=tmp_path, seed=0)["report_to"] == "none"
    told = trainer_arguments(config, output_dir=tmp_path / "hsft" / "state", seed=0, report_to=("trackio",))
    assert told["report_to"] == ["trackio"]
    assert told["run_name"].endswith("hsft")


def test_a_missing_package_is_named_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supercorrect.training.arguments.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install trackio"):
        Pipeline(small_recipe(tmp_path / "run", "report_to=[trackio]"), Reporter(quiet=True)).run()
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_tensorboard_gets_the_curve_and_the_model_stays_the_same(small_run: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="no tensorboard: pip install tensorboard")
    recipe = small_recipe(tmp_path / "run", "report_to=[tensorboard]")
    Pipeline(recipe, Reporter(quiet=True)).run(until="sft")
    model = Path("checkpoints", "sft", "model", "model.safetensors")
    assert (tmp_path / "run" / model).read_bytes() == (small_run / model).read_bytes()
    assert list((tmp_path / "run" / "checkpoints").rglob("events.out.tfevents.*"))
