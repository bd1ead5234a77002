"""The paper's recipes in one run folder: what they share is done once, and no stage runs that no table needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from made_paper_runs import PAPER
from small_runs import SMALL
from supercorrect.arms import arm_names
from supercorrect.config import Recipe, load_recipe
from supercorrect.errors import ConfigError
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import RepeatedItem
from supercorrect.report.headline import describe_arms
from supercorrect.run_folder import RunFolder
from supercorrect.stage_order import build_stages


def small_table(name: str, folder: Path, *overrides: str) -> Recipe:
    return load_recipe(PAPER / f"{name}.yaml", (*SMALL, f"output_dir={folder}", *overrides))


def stages_of(name: str) -> set[str]:
    return {stage.name for stage in build_stages(load_recipe(PAPER / f"{name}.yaml"))}


def test_a_table_whose_stages_are_done_is_written_without_running_any(small_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(small_run, tmp_path / "run"))
    before = RunFolder(root).read_manifest().stages
    for name in ("table6", "figure4", "table3", "table4"):
        Pipeline(small_table(name, root), Reporter(quiet=True)).run()
        assert json.loads((root / "tables" / f"{name}.json").read_text())["name"] == name
    assert RunFolder(root).read_manifest().stages == before
    metrics = json.loads((root / "metrics.json").read_text())
    assert list(metrics["arms"]) == ["hsft", "cross_dpo"]


def test_stability_adds_its_own_stages_and_nothing_else(small_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(small_run, tmp_path / "run"))
    few = ("evaluation.arms=[hsft, cross_dpo]", "evaluation.stability={count: 3, repeats: 4}")
    Pipeline(small_table("figure5", root, *few), Reporter(quiet=True)).run()
    folder = RunFolder(root)
    before, after = RunFolder(small_run).read_manifest().stages, folder.read_manifest().stages
    assert {name for name in after if after[name] != before.get(name)} == {"stability_hsft", "stability_cross_dpo"}
    items = folder.read("stability/hsft", RepeatedItem)
    assert 1 <= len(items) <= 3
    assert {len(item.verdicts) for item in items} == {4}


def test_a_table_trains_what_it_shows_and_no_more() -> None:
    assert stages_of("table5") == {"problems", "thoughts", "hsft", "solutions", "verdicts", "corrections"}
    assert not {"solutions", "pairs", "cross_dpo"} & stages_of("table8")
    assert "hsft_continued" not in stages_of("table2")
    assert {"sft", "evaluation_hsft_reflexion"} <= stages_of("table2")
    assert {"hsft_always_key", "evaluation_hsft_continued"} <= stages_of("controls")


def test_recipes_of_one_folder_agree_on_the_stages_that_they_share() -> None:
    settings: dict[str, object] = {}
    for path in sorted(PAPER.rglob("*.yaml")):
        recipe = load_recipe(path)
        for stage in build_stages(recipe) if recipe.name == "paper" else ():
            assert settings.setdefault(stage.name, stage.settings) == stage.settings, (path, stage.name)


def test_the_report_can_name_every_arm_of_every_recipe() -> None:
    for path in PAPER.rglob("*.yaml"):
        recipe = load_recipe(path)
        assert set(arm_names(recipe)) <= set(describe_arms(recipe)), path


def test_a_table_without_its_arms_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"table2 shows the arm 'hsft_reflexion'.*evaluation\.arms"):
        build_stages(load_recipe(PAPER / "table2.yaml", ("evaluation.arms=[base, sft, hsft, cross_dpo]",)))
    with pytest.raises(ConfigError, match=r"table9"):
        load_recipe(PAPER / "table2.yaml", ("tables=[table9]",))
