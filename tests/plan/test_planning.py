"""What a plan says, what it refuses, and that what it does not know is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_memory import CONFIGS

from small_runs import small_recipe
from supercorrect.plan import Plan, StagePlan, make_plan
from supercorrect.stage_order import build_stages

LONG = ("hsft.max_length=4096", "hsft.bf16=true", "student.dtype=bfloat16", "evaluation.localise=false")


def write_config(folder: Path, name: str) -> str:
    """A folder with a model's configuration alone."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIGS[name].to_dict()))
    return f"student.model={folder}"


def plan(folder: Path, *overrides: str) -> Plan:
    recipe = small_recipe(folder, *overrides)
    return make_plan(recipe, {stage.name: "new" for stage in build_stages(recipe)})


def stage_of(planned: Plan, name: str) -> StagePlan:
    return next(stage for stage in planned.stages if stage.stage == name)


def test_a_seven_billion_student_does_not_fit_one_gpu_and_the_nearest_is_eight(tmp_path: Path) -> None:
    model = write_config(tmp_path / "model", "qwen2.5-math-7b")
    batches = ("hsft.per_device_batch_size=2", "hsft.gradient_accumulation_steps=64", "student.batch_size=16")
    here = ("hardware.gpu=a100-40gb", "hsft.gradient_checkpointing=true", *LONG, *batches, model)
    refused = [line for line in plan(tmp_path / "run", *here).refusals if line.startswith("hsft:")]
    assert len(refused) == 1
    assert "at most 36.8 GiB on each a100-40gb" in refused[0] and "strategy: fsdp2" in refused[0]
    for name in ("sft", "cross_dpo"):
        here += (f"{name}.gradient_accumulation_steps=8",)
    spread = plan(tmp_path / "run", *here, "hardware.devices=8", "hardware.strategy=fsdp2")
    assert not [line for line in spread.refusals if line.startswith("hsft:")]


def test_the_nearest_change_is_the_one_that_trains_the_same(tmp_path: Path) -> None:
    model = write_config(tmp_path / "model", "tied qwen2")
    batches = ("hsft.per_device_batch_size=4", "hsft.gradient_accumulation_steps=6")
    here = ("hardware.gpu=rtx-4090", "student.batch_size=1", *LONG, *batches, model)
    refused = [line for line in plan(tmp_path / "run", *here).refusals if line.startswith("hsft:")]
    assert refused and "the nearest that fits: gradient_checkpointing: true" in refused[0]
    assert "lora" not in refused[0]


def test_a_batch_whose_cache_does_not_fit_is_refused_with_one_that_does(tmp_path: Path) -> None:
    model = write_config(tmp_path / "model", "deepseek-math-7b")
    here = ("hardware.gpu=h100", "student.batch_size=500", "student.dtype=bfloat16", model)
    refused = [line for line in plan(tmp_path / "run", *here).refusals if line.startswith("solutions:")]
    rows = int(refused[0].rpartition(" ")[2])
    assert 0 < rows < 500
    fitting = plan(tmp_path / "run", *here, f"student.batch_size={rows}").refusals
    assert not [line for line in fitting if line.startswith("solutions:")]


def test_what_is_not_stated_is_unknown_and_never_nothing(tmp_path: Path) -> None:
    planned = plan(tmp_path / "run")
    hsft = stage_of(planned, "hsft")
    assert hsft.hours is None and hsft.usd is None and planned.usable_bytes is None and not planned.refusals
    assert {part.name: part.size for part in hsft.memory}["activations"] is None
    assert stage_of(planned, "thoughts").usd is not None
    assert any("hardware.gpu is not stated" in line for line in planned.basis)


def test_an_unknown_model_leaves_its_figures_out(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "mamba"}')
    planned = plan(tmp_path / "run", f"student.model={tmp_path / 'model'}", "hardware.gpu=h100")
    assert stage_of(planned, "hsft").memory == () and "mamba" in planned.basis[0]


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"hardware.utilisation": 0.7}, 0.5),
        ({"hsft.num_epochs": 2}, 0.5),
        ({"hsft.gradient_checkpointing": True}, 4 / 3),
    ],
)
def test_hours_follow_the_work_and_the_hardware(tmp_path: Path, changes: dict[str, Any], factor: float) -> None:
    stated = ("hardware.gpu=h100", "hardware.usd_per_gpu_hour=2", "hsft.max_steps=null", "hsft.num_epochs=4")
    before = stage_of(plan(tmp_path / "run", *stated), "hsft")
    changed = tuple(f"{name}={json.dumps(value)}" for name, value in changes.items())
    after = stage_of(plan(tmp_path / "run", *stated, *changed), "hsft")
    assert before.hours is not None and after.hours is not None and before.usd is not None
    assert after.hours.value == pytest.approx(factor * before.hours.value)
    assert before.usd.value == pytest.approx(2 * before.hours.value)
