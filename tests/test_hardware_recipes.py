"""Recipes for real hardware: each loads, plans, and runs its first stages with a tiny student of its architecture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from small_runs import REPOSITORY
from supercorrect.config import Recipe, load_recipe
from supercorrect.pipeline import Pipeline
from supercorrect.plan import make_plan
from supercorrect.progress import Reporter
from supercorrect.sandbox.echo import echo
from supercorrect.sandbox.server import create_app, running_app
from tiny_models import Architecture, make_tiny_model

ARCHITECTURES: dict[str, Architecture] = {
    "qwen2.5-math-7b": "qwen2",
    "llama-3.1-8b": "llama",
    "deepseek-math-7b": "llama",
    "qwen-1.5b-one-gpu": "qwen2",
    "0.5b-laptop": "qwen2",
}
NUMBERS = {"hsft": range(2, 10), "errors": range(20, 28), "held_out": range(40, 44)}


@pytest.fixture(scope="module")
def teacher_url() -> Iterator[str]:
    with running_app(create_app(echo)) as url:
        yield url


def write_problems(folder: Path) -> list[str]:
    """A file of MATH's layout a split, as overrides of a recipe."""
    texts: dict[str, list[dict[str, str]]] = {
        split: [
            {
                "problem": f"A box holds {n} red and {n * n} blue marbles. How many marbles does box number {n} hold?",
                "level": "Level 1",
                "type": "Algebra",
                "solution": f"There are ${n} + {n * n} = {n + n * n}$ marbles.\nSo it is $\\boxed{{{n + n * n}}}$.",
            }
            for n in numbers
        ]
        for split, numbers in NUMBERS.items()
    }
    for split, rows in texts.items():
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sets = [f"problems.{split}=[{{path: {folder / split}.jsonl}}]" for split in texts]
    return [*sets, "problems.decontaminate_against=[]", "problems.near_duplicate_similarity=null"]


def tiny(name: str, folder: Path, url: str) -> Recipe:
    """The recipe with a tiny student, few problems, and the mock teacher; its sections otherwise as they are."""
    problems = write_problems(folder)
    texts = (folder / "hsft.jsonl").read_text().splitlines()
    student = make_tiny_model(folder / "student", ARCHITECTURES[name], texts)
    free = "price: {input_usd_per_million_tokens: 0, output_usd_per_million_tokens: 0}"
    mock = f"teacher={{model: echo, base_url: '{url}', api_key_env: null, {free}}}"
    short: list[str] = [f"{section}.max_steps=1" for section in ("sft", "hsft", "cross_dpo")]
    # Two rows a step: 128 would be minutes on a CPU.
    short += [f"{s}.gradient_accumulation_steps=2" for s in ("sft", "hsft", "cross_dpo")]
    here = [f"student.model={student}", "hardware.devices=1", "hardware.strategy=ddp", f"output_dir={folder / 'run'}"]
    lonely = ["cascade=[]", "inspector=null", "solutions.max_new_tokens=8", "solutions.samples_per_problem=1"]
    path = REPOSITORY / "recipes" / f"{name}.yaml"
    return load_recipe(path, (*problems, mock, *short, *here, *lonely))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_recipe_plans_and_runs_its_first_stages(name: str, tmp_path: Path, teacher_url: str) -> None:
    pipeline = Pipeline(tiny(name, tmp_path, teacher_url), Reporter(quiet=True))
    states = pipeline.plan(pipeline.folder.read_manifest())
    planned = {stage.stage: stage for stage in make_plan(pipeline.recipe, states).stages}
    assert planned["hsft"].memory and planned["solutions"].memory and planned["thoughts"].usd is not None
    manifest = pipeline.run(until="solutions")
    kept: dict[str, Any] = {stage: entry.kept for stage, entry in manifest.stages.items()}
    assert kept["thoughts"] == len(NUMBERS["hsft"]) and kept["solutions"] == len(NUMBERS["errors"])
    assert pipeline.folder.training_steps("hsft") == 1
    written = json.loads((pipeline.folder.model("hsft") / "config.json").read_text())
    assert written["model_type"] == ARCHITECTURES[name]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_steps_of_the_paper_are_the_same_on_its_eight_devices(name: str) -> None:
    recipe = load_recipe(REPOSITORY / "recipes" / f"{name}.yaml")
    devices = recipe.hardware.devices
    for config in (recipe.hsft, recipe.cross_dpo):
        assert config.on_devices(devices).global_batch_size * devices == config.global_batch_size
    if devices == 8:
        assert recipe.hsft.global_batch_size == recipe.cross_dpo.global_batch_size == 128
