"""The recipe says how answers are graded, and its judge sees what is undecided, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import supercorrect.judging
from small_runs import small_recipe
from supercorrect.config import EndpointConfig, GradingConfig
from supercorrect.context import StageContext
from supercorrect.judging import grade_completions, open_grader
from supercorrect.manifest import StageCounts
from supercorrect.models import ChatRequest
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder
from supercorrect.stage_order import build_stages
from supercorrect.store import RequestStore, StoredResponse

UNDECIDED = "<Answer> \\frac{1}{ </Answer>"
ROWS = [
    ("<Answer> 7 </Answer>", "7", "3 + 4?"),
    (UNDECIDED, "1/2", "half?"),
    ("", "7", "3 + 4?"),
    (UNDECIDED, "1/3", "third?"),
]


def grade(tmp_path: Path, *overrides: str) -> tuple[list[str], list[str | None], StageCounts]:
    recipe = small_recipe(tmp_path, *overrides)
    with RequestStore(tmp_path / "store.sqlite") as store:
        context = StageContext(recipe, RunFolder(tmp_path), store, Reporter(quiet=True), "verdicts", "x")
        grades, costs = grade_completions(context, ROWS)
    return [g.status for g in grades], [g.reason for g in grades], costs


def test_without_a_judge_the_undecided_stay_ungradable(tmp_path: Path) -> None:
    statuses, _, costs = grade(tmp_path)
    assert statuses == ["correct", "ungradable", "ungradable", "ungradable"]
    assert costs == StageCounts()


def test_the_judge_is_asked_once_about_all_that_is_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[list[str]] = []

    def ask(
        context: StageContext, role: str, endpoint: EndpointConfig, requests: Sequence[ChatRequest]
    ) -> tuple[list[StoredResponse], StageCounts]:
        assert (role, endpoint.model) == ("judge", "wise")
        rounds.append([request.messages[0][1] for request in requests])
        replies = ["VERDICT: SAME", "who knows"]
        return [
            StoredResponse(key=text, role=role, model="wise", status="ok", text=text) for text in replies
        ], StageCounts(usd=0.25)

    monkeypatch.setattr(supercorrect.judging, "ask_endpoint", ask)
    statuses, reasons, costs = grade(tmp_path, "judge={model: wise, api_key_env: null}")
    assert statuses == ["correct", "correct", "ungradable", "ungradable"]
    assert reasons[3] == "judge_unreadable"
    assert costs.usd == 0.25
    assert [["half?" in rounds[0][0], "third?" in rounds[0][1]]] == [[True, True]]
    assert len(rounds) == 1
    grade(tmp_path, "judge={model: wise, api_key_env: null}")
    assert rounds[1] == rounds[0], "the same question has the same key in the store"


def test_another_kind_of_task_is_one_line(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, "grading.task=exact")
    with open_grader(recipe.grading) as grader:
        assert grader.grade("<Answer> 1/2 </Answer>", "0.5").status == "incorrect"
    with open_grader(GradingConfig()) as grader:
        assert grader.grade("<Answer> 1/2 </Answer>", "0.5").status == "correct"


def test_grading_decides_about_the_stages_that_grade(tmp_path: Path) -> None:
    before, after = (
        {stage.name: stage.settings for stage in build_stages(small_recipe(tmp_path, *overrides))}
        for overrides in ((), ("grading.policy.percent_as_fraction=false",))
    )
    changed = {name for name in before if before[name] != after[name]}
    assert changed >= {"thoughts", "verdicts", "corrections", "evaluation_base"}
    assert not changed & {"problems", "sft", "solutions", "pairs"}
