"""Splits share no problem."""

from __future__ import annotations

import pytest

from supercorrect.problems import keep_splits_apart, normalise_text
from supercorrect.records import Problem, make_id


def make(text: str, split: str) -> Problem:
    return Problem(
        problem_id=make_id("problem", text),
        problem=text,
        reference_solution="",
        reference_answer="1",
        split=split,
        source="test",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("What is 2+2?", "what is  2+2"), ("$x$ is 3.", "x is 3"), ("ﬁne", "FINE"), ("a\nb", "a b")],
)
def test_the_same_problem_in_other_dress(one: str, other: str) -> None:
    assert normalise_text(one) == normalise_text(other)


@pytest.mark.parametrize(("one", "other"), [("2 - 3", "2 + 3"), ("x < 3", "x > 3"), ("12", "1 2"), ("5", "5%")])
def test_two_problems(one: str, other: str) -> None:
    assert normalise_text(one) != normalise_text(other)


def test_a_problem_stays_in_the_last_split_that_has_it() -> None:
    splits = {
        "hsft": [make("A?", "hsft"), make("b", "hsft"), make("B!", "hsft")],
        "errors": [make("a", "errors"), make("c", "errors")],
        "held_out": [make("C.", "held_out"), make("d", "held_out")],
    }
    kept, rejections = keep_splits_apart(splits, stage="problems")
    assert {name: [p.problem for p in problems] for name, problems in kept.items()} == {
        "hsft": ["b"],
        "errors": ["a"],
        "held_out": ["C.", "d"],
    }
    assert [(r.detail, r.reason) for r in rejections] == [
        ("errors", "in_later_split"),
        ("hsft", "in_later_split"),
        ("hsft", "duplicate"),
    ]
