"""The reference solution and answer cannot reach the student: not when it is sampled, not when it corrects itself."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.arms import round_arms
from supercorrect.context import StageContext
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.progress import Reporter
from supercorrect.records import EvaluationItem, Problem
from supercorrect.run_folder import RunFolder
from supercorrect.stages import evaluation, own_corrections, solutions
from supercorrect.store import RequestStore

SENTINEL = "wrong without its parts"  # words that the student's tokenizer knows, and that no problem has


@pytest.fixture
def poisoned(small_run: Path, tmp_path: Path) -> RunFolder:
    """The small run, its references replaced by a sentinel, and no stored completion to fall back on."""
    folder = RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))
    (folder.root / "store.sqlite").unlink()
    for split in ("errors", "held_out"):
        problems = folder.read(f"problems/{split}", Problem)
        changed = {"reference_solution": SENTINEL, "reference_answer": SENTINEL}
        folder.write(f"problems/{split}", [p.model_copy(update=changed) for p in problems])
    return folder


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every prompt that any student is sampled with, as text."""
    seen: list[str] = []
    sample = TransformersStudent.sample

    def spy(self: TransformersStudent, batch: Any, *args: Any, **kwargs: Any) -> Any:
        seen.extend(self.tokenizer.decode(ids) for ids in batch)
        return sample(self, batch, *args, **kwargs)

    monkeypatch.setattr(TransformersStudent, "sample", spy)
    return seen


def test_nothing_that_the_student_reads_or_writes_depends_on_a_reference(
    small_run: Path, poisoned: RunFolder, prompts: list[str]
) -> None:
    recipe = small_recipe(poisoned.root)
    with RequestStore(poisoned.root / "store.sqlite") as store:
        context = StageContext(recipe, poisoned, store, Reporter(quiet=True), "evaluation_cross_dpo", "x")
        evaluation.run(context, "cross_dpo")
        errors = round_arms(recipe)[0].errors
        solutions.run(context, errors)
        own_corrections.run(replace(context, stage="own_corrections"), errors)
    assert len(prompts) > 3 * 16
    assert not [prompt for prompt in prompts if SENTINEL in prompt]
    for name in ("solutions/errors", "own_corrections/errors"):
        assert poisoned.data(name).read_bytes() == RunFolder(small_run).data(name).read_bytes()
    before = RunFolder(small_run).read("evaluation/cross_dpo", EvaluationItem)
    after = poisoned.read("evaluation/cross_dpo", EvaluationItem)
    for one, other in zip(before, after, strict=True):
        assert one.greedy_completion == other.greedy_completion
        assert one.sampled_completion == other.sampled_completion
        assert one.corrected_completion == other.corrected_completion
        assert one.located_step == other.located_step
