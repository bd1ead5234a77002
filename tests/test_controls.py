"""Controls get other demonstrations in place of stage 2: as many calls, as many tokens, or another teacher's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import Attempt, Demonstration, Problem, Thought
from supercorrect.run_folder import RunFolder

ALWAYS = (
    '{model: always, serve: ["{python}", -m, supercorrect, mock-teacher, --port, "{port}", --key-policy, always], '
    "api_key_env: null}"
)
CONTROLS = (
    f"controls={{hsft_calls: {{fresh: calls}}, hsft_tokens: {{fresh: tokens}}, hsft_always: {{teacher: {ALWAYS}}}}}"
)


@pytest.fixture(scope="module")
def folder(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The small run, gone on with every kind of control."""
    root = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("controls") / "run"))
    recipe = small_recipe(root, CONTROLS, "evaluation.arms=[hsft, hsft_calls, hsft_always]")
    Pipeline(recipe, Reporter(quiet=True)).run()
    return RunFolder(root)


def test_as_many_calls_as_corrections_took(folder: RunFolder) -> None:
    spent = folder.read("attempts/corrections", Attempt)
    made = folder.read("attempts/thoughts_hsft_calls", Attempt)
    assert len(made) == len(spent) > 0
    errors = {problem.problem_id for problem in folder.read("problems/errors", Problem)}
    assert {thought.problem_id for thought in folder.read("thoughts/hsft_calls", Thought)} <= errors


def test_as_many_tokens_as_corrections_took(folder: RunFolder) -> None:
    spent, made = (
        sum(attempt.output_tokens or 0 for attempt in folder.read(f"attempts/{stage}", Attempt))
        for stage in ("corrections", "thoughts_hsft_tokens")
    )
    every = len(folder.read("problems/errors", Problem))
    asked = len(folder.read("attempts/thoughts_hsft_tokens", Attempt))
    assert asked == every or 0.8 < made / spent < 1.25


def test_another_teachers_thoughts_are_its_own(folder: RunFolder) -> None:
    problems = {problem.problem_id for problem in folder.read("problems/hsft", Problem)}
    thoughts = folder.read("thoughts/hsft_always", Thought)
    assert {thought.problem_id for thought in thoughts} == problems
    assert {thought.teacher for thought in thoughts} == {"always"}
    keys = {
        t.problem_id: sum(len(step.keys) for step in t.thought.steps) for t in folder.read("thoughts/hsft", Thought)
    }
    assert sum(sum(len(step.keys) for step in t.thought.steps) for t in thoughts) > sum(keys.values())
    assert len(folder.read("hsft/hsft_always", Demonstration)) == len(thoughts)


def test_each_has_as_many_steps(folder: RunFolder) -> None:
    first, second = folder.training_steps("hsft"), folder.training_steps("cross_dpo")
    assert folder.training_steps("hsft_calls") == folder.training_steps("hsft_tokens") == second
    assert folder.training_steps("hsft_always") == first + second


def test_what_was_there_before_stays(folder: RunFolder, small_run: Path) -> None:
    before, after = RunFolder(small_run).read_manifest().stages, folder.read_manifest().stages
    assert [name for name in before if name in after and before[name] != after[name]] == []
