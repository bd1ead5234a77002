"""A whole small run: its contracts, what is skipped, and what a change recomputes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from small_runs import small_recipe
from supercorrect.errors import ConfigError
from supercorrect.pipeline import Pipeline
from supercorrect.problems import normalise_text
from supercorrect.progress import Reporter
from supercorrect.records import Correction, Pair, Problem, Solution, Thought, Verdict
from supercorrect.run_folder import RunFolder


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def copy_run(small_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_run, tmp_path / "run"))


def test_metrics_have_every_arm_with_n_and_interval(small_run: Path) -> None:
    metrics = json.loads((small_run / "metrics.json").read_text())
    assert metrics["schema_version"] == 1
    assert list(metrics["arms"]) == ["base", "sft", "hsft", "hsft_continued", "cross_dpo"]
    for arm in metrics["arms"].values():
        for name in ("accuracy", "accuracy_greedy"):
            low, high = arm[name]["ci95"]
            assert 0 <= low <= arm[name]["value"] <= high <= 1
            assert arm[name]["n"] == 16
    assert metrics["arms"]["base"]["self_correction"] is None
    assert metrics["arms"]["hsft"]["self_correction"]["n"] == 16


def test_every_stage_accounts_for_what_went_in(small_run: Path) -> None:
    stages = json.loads((small_run / "metrics.json").read_text())["stages"]
    assert len(stages) == 19
    for name, stage in stages.items():
        assert stage["in"] == stage["kept"] + sum(stage["rejected"].values()), name
        rejects = small_run / "rejects" / f"{name}.jsonl"
        if rejects.exists():
            assert len(rows(rejects)) == sum(stage["rejected"].values())


def test_training_sets_load_as_data_sets(small_run: Path) -> None:
    for name, columns in {
        "hsft": {"problem_id", "messages"},
        "pairs": {"pair_id", "problem_id", "solution_id", "first_error_step", "prompt", "chosen", "rejected"},
    }.items():
        loaded = load_dataset(
            "json",
            data_files=str(small_run / "data" / name / "train.jsonl"),
            cache_dir=str(small_run.parent / "cache"),
            split="train",
        )
        assert columns <= set(loaded.column_names)
        assert len(loaded) > 0


def test_lineage_leads_from_every_pair_back_to_its_problem(small_run: Path) -> None:
    folder = RunFolder(small_run)
    problems = {p.problem_id for p in folder.read("problems/errors", Problem)}
    solutions = {s.solution_id: s for s in folder.read("solutions/errors", Solution)}
    corrections = {c.correction_id: c for c in folder.read("corrections/errors", Correction)}
    statuses = {v.solution_id: v.status for v in folder.read("verdicts/errors", Verdict)}
    pairs = folder.read("pairs/train", Pair)
    assert {p.layout for p in pairs} == {"continuation", "correction", "right_step", "wrong_step"}
    for pair in pairs:
        assert solutions[pair.solution_id].problem_id == pair.problem_id
        assert pair.problem_id in problems
        if pair.correction_id is None:
            assert (pair.layout, pair.first_error_step) == ("right_step", None)
            assert statuses[pair.solution_id] == "correct"
            continue
        correction = corrections[pair.correction_id]
        assert correction.solution_id == pair.solution_id
        assert statuses[pair.solution_id] == "incorrect"
        assert pair.first_error_step == correction.first_error_step
        assert 1 <= pair.step <= correction.first_error_step
    hsft = {p.problem_id for p in folder.read("problems/hsft", Problem)}
    assert {t.problem_id for t in folder.read("thoughts/hsft", Thought)} <= hsft


def test_no_held_out_problem_is_in_training(small_run: Path) -> None:
    folder = RunFolder(small_run)
    held_out = {normalise_text(p.problem) for p in folder.read("problems/held_out", Problem)}
    trained = {normalise_text(p.problem) for s in ("hsft", "errors") for p in folder.read(f"problems/{s}", Problem)}
    assert not held_out & trained
    texts = (small_run / "data/hsft/train.jsonl").read_text() + (small_run / "data/pairs/train.jsonl").read_text()
    assert not any(p.problem in texts for p in folder.read("problems/held_out", Problem))


def test_a_second_run_does_nothing(small_run: Path, tmp_path: Path) -> None:
    folder = copy_run(small_run, tmp_path)
    pipeline = Pipeline(small_recipe(folder), Reporter(quiet=True))
    before = pipeline.folder.read_manifest()
    assert set(pipeline.plan(before).values()) == {"up to date"}
    after = pipeline.run()
    assert after.stages == before.stages
    assert after.files["metrics.json"] == before.files["metrics.json"]


def test_a_changed_recipe_recomputes_what_depends_on_it_and_nothing_else(small_run: Path, tmp_path: Path) -> None:
    folder = copy_run(small_run, tmp_path)
    pipeline = Pipeline(small_recipe(folder, "cross_dpo.beta=0.2"), Reporter(quiet=True))
    plan = pipeline.plan(pipeline.folder.read_manifest())
    changed = {name for name, state in plan.items() if state != "up to date"}
    assert changed == {"cross_dpo", "hsft_continued", "evaluation_hsft_continued", "evaluation_cross_dpo"}


def test_a_missing_output_is_made_again(small_run: Path, tmp_path: Path) -> None:
    folder = copy_run(small_run, tmp_path)
    kept = (folder / "data/verdicts/errors.jsonl").read_bytes()
    (folder / "data/verdicts/errors.jsonl").unlink()
    Pipeline(small_recipe(folder), Reporter(quiet=True)).run(until="verdicts")
    assert (folder / "data/verdicts/errors.jsonl").read_bytes() == kept


def test_a_changed_problem_count_asks_the_teacher_only_for_new_problems(small_run: Path, tmp_path: Path) -> None:
    folder = copy_run(small_run, tmp_path)
    recipe = small_recipe(folder, "problems.hsft.count=50", "teacher.serve=null", "teacher.limits.max_attempts=1")
    recipe = recipe.model_copy(
        update={"teacher": recipe.teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})}
    )
    with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):  # two new problems, and no one there to ask
        Pipeline(recipe, Reporter(quiet=True)).run(until="thoughts")
    fewer = small_recipe(folder, "problems.hsft.count=40", "teacher.serve=null")
    Pipeline(fewer, Reporter(quiet=True)).run(until="thoughts")  # nothing new, and no one is asked
    assert len(rows(folder / "data/thoughts/hsft.jsonl")) == 40


def test_another_reading_of_the_answers_costs_no_request(small_run: Path, tmp_path: Path) -> None:
    """R12: a better parser, or other grading, reads what the store holds; there is no one to ask."""
    folder = copy_run(small_run, tmp_path)
    nobody = "teacher={model: oracle, api_key_env: null, base_url: 'http://127.0.0.1:9/v1'}"
    recipe = small_recipe(folder, nobody, "grading.policy.percent_as_fraction=false")
    Pipeline(recipe, Reporter(quiet=True)).run(until="thoughts", first="thoughts")
    assert (folder / "data/thoughts/hsft.jsonl").read_bytes() == (small_run / "data/thoughts/hsft.jsonl").read_bytes()


def test_an_unknown_arm_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown arm 'cross_dpo_r2'; this recipe has base, sft"):
        Pipeline(small_recipe(tmp_path, "evaluation.arms=[hsft, cross_dpo_r2]"), Reporter(quiet=True))


def test_a_comparison_cannot_take_a_stages_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'corrections' is the name of a stage"):
        Pipeline(small_recipe(tmp_path, "comparisons={corrections: {layouts: [inline]}}"), Reporter(quiet=True))


def test_without_localisation_no_held_out_error_is_corrected(tmp_path: Path) -> None:
    stages = Pipeline(small_recipe(tmp_path, "evaluation.localise=false"), Reporter(quiet=True)).stages
    assert not [stage.name for stage in stages if stage.name.startswith("held_out")]


def test_an_unknown_stage_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown stage 'hstf'; expected one of problems, thoughts"):
        Pipeline(small_recipe(tmp_path), Reporter(quiet=True)).run(until="hstf")
