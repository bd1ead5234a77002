"""A student evaluated alone gives what the pipeline's evaluation gives; Reflexion as an arm; and nothing leaks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.evaluation.evaluating import evaluate_models
from supercorrect.evaluation.items import EvaluatedSample
from supercorrect.evaluation.opening import Access
from supercorrect.evaluation.settings import EvaluationSettings, problem_set
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import EvaluationItem, Problem
from supercorrect.report.writing import compute_arms
from supercorrect.run_folder import RunFolder
from supercorrect.stages import evaluation
from supercorrect.store import RequestStore, read_records

PROMPTS = "supercorrect.sandbox:prompts"


def settings(path: Path, **more: Any) -> EvaluationSettings:
    return EvaluationSettings(
        problems=problem_set(str(path), None),
        prompts=(f"{PROMPTS}/hierarchical.jinja",),
        correction_prompt=f"{PROMPTS}/correction.jinja",
        sampling=SamplingConfig(temperature=0.7, max_new_tokens=200),
        review_max_new_tokens=64,
        batch_size=16,
        **more,
    )


def evaluate(folder: Path, model: Path, asked: EvaluationSettings) -> tuple[Any, list[EvaluatedSample]]:
    output = folder / "items.jsonl"
    result = evaluate_models(
        [str(model)],
        asked,
        store_path=folder / "eval.sqlite",
        output=output,
        reporter=Reporter(quiet=True),
        access=Access(),
    )
    return result, read_records(output, EvaluatedSample)


def test_a_model_alone_writes_what_it_wrote_in_the_run(small_run: Path, tmp_path: Path) -> None:
    run, model = RunFolder(small_run), small_run / "checkpoints/hsft/model"
    asked = settings(run.data("problems/held_out"), self_correct=1)
    result, rows = evaluate(tmp_path, model, asked)
    items = run.read("evaluation/hsft", EvaluationItem)
    assert [row.problem_id for row in rows] == [item.problem_id for item in items]
    assert [row.completion for row in rows] == [item.sampled_completion for item in items]
    assert [row.status for row in rows] == [item.sampled for item in items]
    assert [row.passes[0].completion for row in rows] == [item.corrected_completion for item in items]
    assert [row.passes[0].faulted for row in rows] == [item.faulted for item in items]
    figures = json.loads((small_run / "metrics.json").read_text())["arms"]["hsft"]
    assert result["models"][0]["accuracy"] == figures["accuracy"]
    assert result["models"][0]["by_level"] == figures["by_level"]
    measured = json.loads((small_run / "metrics.json").read_text())["measured_under"]
    assert measured["arms"]["hsft"]["prompt_hash"] == result["models"][0]["prompt_hashes"]["solving"]
    assert measured["grader"] == result["grader"]


def test_an_evaluation_that_was_killed_goes_on(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_run / "checkpoints/hsft/model"
    asked = settings(RunFolder(small_run).data("problems/held_out"), samples=3)
    calls: list[int] = []
    sample = TransformersStudent.sample

    def counted(self: TransformersStudent, *args: Any, **kwargs: Any) -> Any:
        calls.append(kwargs["seed"])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return sample(self, *args, **kwargs)

    monkeypatch.setattr(TransformersStudent, "sample", counted)
    with pytest.raises(KeyboardInterrupt):
        evaluate(tmp_path, model, asked)
    result, rows = evaluate(tmp_path, model, asked)
    assert len(calls) == 4  # the two that were finished are not sampled again
    assert len(set(calls)) == 3
    assert len(rows) == 48
    assert result["models"][0]["stability"]["repeats"] == 3


@pytest.fixture
def reflexive(small_run: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))


def test_reflexion_is_an_arm_of_the_hsft_student(reflexive: RunFolder) -> None:
    recipe = small_recipe(reflexive.root, "evaluation.reflexion=true")
    before = reflexive.read_manifest().stages
    Pipeline(recipe, Reporter(quiet=True)).run()
    after = reflexive.read_manifest().stages
    assert [name for name in after if before.get(name) != after[name]] == ["evaluation_hsft_reflexion"]
    hsft = reflexive.read("evaluation/hsft", EvaluationItem)
    items = reflexive.read("evaluation/hsft_reflexion", EvaluationItem)
    for own, item in zip(hsft, items, strict=True):
        assert item.corrected is None
        assert item.greedy_completion == own.greedy_completion  # a greedy draw anew is the same
        if not own.faulted:
            assert item.sampled_completion == own.sampled_completion
    figures = compute_arms(recipe, reflexive)["hsft_reflexion"]
    assert figures["compared_with"]["hsft"]["n"] == len(items)
    assert figures["self_correction"] is figures["localisation"] is None


def test_reflexion_reads_no_reference(reflexive: RunFolder) -> None:
    recipe = small_recipe(reflexive.root, "evaluation.reflexion=true")
    (reflexive.root / "store.sqlite").unlink()

    def run() -> list[EvaluationItem]:
        with RequestStore(reflexive.root / "store.sqlite") as store:
            context = StageContext(recipe, reflexive, store, Reporter(quiet=True), "evaluation", "x")
            evaluation.run(context, "hsft_reflexion")
        return reflexive.read("evaluation/hsft_reflexion", EvaluationItem)

    before = run()
    poisoned = {"reference_solution": "wrong", "reference_answer": "wrong"}
    problems = reflexive.read("problems/held_out", Problem)
    reflexive.write("problems/held_out", [p.model_copy(update=poisoned) for p in problems])
    (reflexive.root / "store.sqlite").unlink()
    for one, other in zip(before, run(), strict=True):
        assert one.sampled_completion == other.sampled_completion
        assert one.greedy_completion == other.greedy_completion
