"""Solving: one solution, a mended one, a vote of equivalent answers; and the JSON of all three."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripted_students import RIGHT, WRONG, ScriptedStudent
from supercorrect.config import SamplingConfig
from supercorrect.grading import Grader
from supercorrect.reviewing import Finding
from supercorrect.serving.modes import Mode
from supercorrect.serving.solving import Asked, describe, solve


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


def ask(mode: Mode) -> Asked:
    return Asked("What is 2 + 2?", mode, SamplingConfig(temperature=1.0), samples=mode.votes)


def answer_of(text: str) -> str:
    return f"<Step1> so </Step1>\n<Answer> {text} </Answer>"


@pytest.mark.parametrize(
    ("answers", "winner", "shares"),
    [
        (("1/2", "3", "0.5", "2"), "1/2", [("1/2", 2), ("3", 1), ("2", 1)]),
        (("3", "7", "7", "3"), "3", [("3", 2), ("7", 2)]),
        (("7", "3", "3", "7"), "7", [("7", 2), ("3", 2)]),
    ],
)
def test_equivalent_answers_vote_together_and_ties_go_to_the_earliest(
    answers: tuple[str, ...], winner: str, shares: list[tuple[str, int]], grader: Grader
) -> None:
    student = ScriptedStudent([answer_of(text) for text in answers])
    solved = solve(ask(Mode(votes=len(answers))), student.writer(), grader)
    assert solved.attempt.answer == winner
    assert solved.shares == shares


def test_a_solution_without_an_answer_has_no_vote(grader: Grader) -> None:
    solved = solve(ask(Mode(votes=3)), ScriptedStudent(["", "", answer_of("4")]).writer(), grader)
    assert solved.attempt.answer == "4"
    assert solve(ask(Mode(votes=2)), ScriptedStudent([""]).writer(), grader).attempt.answer is None


def test_a_mended_solution_tells_what_stood_there_before(grader: Grader) -> None:
    student = ScriptedStudent([WRONG], finding=Finding(1, "2 + 2 is 4", "2 + 2 = 4"))
    assert solve(ask(Mode()), student.writer(), grader).attempt.answer == "5"
    told = describe(solve(ask(Mode(self_correct=True)), student.writer(), grader))
    assert (told["answer"], told["completion"]) == ("4", RIGHT)
    assert told["correction"] == {
        "step": 1,
        "cause": "2 + 2 is 4",
        "correction": "2 + 2 = 4",
        "first_completion": WRONG,
    }
    assert told["steps"] == [{"text": "2 + 2 = 4", "keys": []}]
    assert told["generalized"] == "add"
    assert told["token_ids"] is None
