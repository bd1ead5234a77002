"""Every recipe in the repository loads, names templates that exist, and plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_runs import REPOSITORY
from supercorrect.config import load_recipe
from supercorrect.stage_order import build_stages

RECIPES = sorted((REPOSITORY / "recipes").rglob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_loads_and_plans(path: Path) -> None:
    stages = build_stages(load_recipe(path))
    names = [stage.name for stage in stages]
    assert names[0] == "problems"
    assert all(need in names[: names.index(stage.name)] for stage in stages for need in stage.needs)


def test_there_are_recipes() -> None:
    assert RECIPES
