"""Teachers are told what is wrong, then the next one is asked; an inspector has to agree; every attempt is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import supercorrect.supervision
from small_runs import small_recipe
from supercorrect.config import EndpointConfig, Recipe
from supercorrect.context import StageContext
from supercorrect.manifest import StageCounts
from supercorrect.models import ChatRequest
from supercorrect.progress import Reporter
from supercorrect.records import Problem, Verdict
from supercorrect.run_folder import RunFolder
from supercorrect.stages.corrections import keep_agreed
from supercorrect.store import RequestStore, StoredResponse
from supercorrect.supervision import Assignment, Refusal, Supervised, supervise

Talk = tuple[tuple[str, str], ...]
PROBLEM = Problem(
    problem_id="p", problem="1+2?", reference_solution="3!", reference_answer="3", split="hsft", source="test"
)


def endpoint(model: str) -> dict[str, Any]:
    return {"model": model, "api_key_env": None}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Talk]]:
    """Role, model and conversation of every request, in order."""
    return []


def script(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], say: Callable[[str, Talk], str]
) -> None:
    def ask(
        context: StageContext, role: str, endpoint: EndpointConfig, requests: Sequence[ChatRequest]
    ) -> tuple[list[StoredResponse], StageCounts]:
        asked.extend((role, endpoint.model, request.messages) for request in requests)
        texts = [say(endpoint.model, request.messages) for request in requests]
        responses = [
            StoredResponse(key=f"k{len(asked)}", role=role, model=endpoint.model, status="ok" if t else "empty", text=t)
            for t in texts
        ]
        return responses, StageCounts(input_tokens=10 * len(requests), usd=0.5)

    monkeypatch.setattr(supercorrect.supervision, "ask_endpoint", ask)


def read(replies: Sequence[tuple[int, StoredResponse]]) -> list[Verdict | Refusal]:
    """Whatever says 3 is accepted."""
    return [
        Verdict(verdict_id=f"v{i}", solution_id=reply.model, problem_id="p", status="correct")
        if "3" in reply.text
        else Refusal("answer_incorrect", "expected 3", "the answer has to be 3")
        for i, reply in replies
    ]


def run(tmp_path: Path, *overrides: str) -> Supervised[Verdict]:
    recipe: Recipe = small_recipe(tmp_path, "teacher={model: small, api_key_env: null}", *overrides)
    with RequestStore(tmp_path / "store.sqlite") as store:
        context = StageContext(recipe, RunFolder(tmp_path), store, Reporter(quiet=True), "thoughts", "x")
        return supervise(context, [Assignment("a", "1+2?", PROBLEM), Assignment("b", "again", PROBLEM)], read)


def test_a_teacher_is_told_what_was_wrong_and_mends_it(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], tmp_path: Path
) -> None:
    script(monkeypatch, asked, lambda _, talk: "3" if len(talk) > 1 or talk[0][1] == "again" else "4")
    result = run(tmp_path)
    assert sorted(result.accepted) == [0, 1]
    assert not result.refused
    assert asked[-1][2][1] == ("assistant", "4")
    assert "the answer has to be 3" in asked[-1][2][2][1]
    attempts = [(a.item_id, a.round, a.reason) for a in result.attempts]
    assert attempts == [("a", 1, "answer_incorrect"), ("b", 1, None), ("a", 2, None)]
    assert (result.costs.input_tokens, result.costs.usd) == (30, 1.0)


def test_what_the_cheap_teacher_cannot_do_goes_to_the_next_one_afresh(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], tmp_path: Path
) -> None:
    script(monkeypatch, asked, lambda model, talk: "3" if model == "large" or talk[0][1] == "again" else "4")
    result = run(tmp_path, "cascade=[{model: large, api_key_env: null}]", "max_rounds=2")
    assert [(model, len(talk)) for _, model, talk in asked] == [("small", 1), ("small", 1), ("small", 3), ("large", 1)]
    assert [result.accepted[i].solution_id for i in (0, 1)] == ["large", "small"]


def test_what_nobody_can_do_is_refused_with_the_last_reason_after_the_last_round(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], tmp_path: Path
) -> None:
    script(monkeypatch, asked, lambda _, talk: "4")
    result = run(tmp_path, "max_rounds=3")
    assert len(asked) == 6
    rejections = result.rejections("thoughts", [Assignment("a", "", PROBLEM), Assignment("b", "", PROBLEM)])
    assert [(r.item_id, r.reason) for r in rejections] == [("a", "answer_incorrect"), ("b", "answer_incorrect")]


def test_a_reply_without_text_is_not_asked_to_be_revised(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], tmp_path: Path
) -> None:
    script(monkeypatch, asked, lambda _, talk: "")
    run(tmp_path)
    assert len(asked) == 2


def test_the_inspector_has_the_last_word_and_its_remarks_go_back(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], tmp_path: Path
) -> None:
    def say(model: str, talk: Talk) -> str:
        if model == "small":
            return "3, better" if len(talk) > 1 else "3"
        assert "3!" in talk[0][1]  # the inspector sees the reference solution
        better = "better" in talk[0][1]
        return "<Verdict> accept </Verdict>" if better else "<Verdict>revise</Verdict><Remarks> too short </Remarks>"

    script(monkeypatch, asked, say)
    result = run(tmp_path, "inspector={model: strict, api_key_env: null}")
    assert sorted(result.accepted) == [0, 1]
    assert "too short" in asked[4][2][2][1]
    assert [a.reason for a in result.attempts] == ["inspector", "inspector", None, None]
    assert all(a.inspector_request_key for a in result.attempts)


def test_an_inspector_that_cannot_be_read_approves_nothing(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, str, Talk]], tmp_path: Path
) -> None:
    script(monkeypatch, asked, lambda model, _: "3" if model == "small" else "Looks good to me!")
    result = run(tmp_path, "inspector={model: vague, api_key_env: null}")
    assert not result.accepted
    assert {r.reason for r in result.refused.values()} == {"inspection_unreadable"}


class _Named:
    def __init__(self, first_error_step: int) -> None:
        self.first_error_step = first_error_step


def test_several_teachers_have_to_name_the_same_step() -> None:
    said: list[dict[int, Any]] = [
        {0: _Named(2), 1: _Named(1)},
        {0: _Named(3), 1: _Named(2)},
        {0: _Named(3), 1: _Named(3)},
    ]
    refused = {2: Refusal("no_error_found")}
    agreed = keep_agreed([Supervised(accepted=one, refused=dict(refused)) for one in said], 3, needed=2)
    assert agreed.accepted[0] is said[1][0]
    assert agreed.refused[1].reason == "teachers_disagree"
    assert agreed.refused[2].reason == "no_error_found"
