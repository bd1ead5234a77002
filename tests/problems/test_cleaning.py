"""Splits share no problem, training has each problem once, and nothing of what is evaluated on."""

from __future__ import annotations

import pytest

from supercorrect.problems import clean_splits, normalise_text
from supercorrect.records import Problem, make_id
from supercorrect.sandbox.language import make_problems

LONG = (
    "A farmer has 12 cows and twice as many sheep on a field near the river. "
    "After selling 5 cows he buys 3 goats. How many animals does he have now?"
)


def make(text: str, split: str, answer: str = "1") -> Problem:
    return Problem(
        problem_id=make_id("problem", text),
        problem=text,
        reference_solution="",
        reference_answer=answer,
        split=split,
        source="test",
    )


def reasons(train: list[str], held_out: list[str] = [], *, answers: str = "", **settings: object) -> list[str | None]:  # noqa: B006
    """Why each training problem goes; None: it stays."""
    given = answers or "1" * len(train)
    problems = [make(text, "hsft", answer) for text, answer in zip(train, given, strict=True)]
    splits = {"hsft": problems, "held_out": [make(text, "held_out") for text in held_out]}
    kept, removals = clean_splits(splits, **settings)  # type: ignore[arg-type]
    assert len(kept["hsft"]) + len(removals) == len(train)
    why = {id(removal.problem): removal.reason for removal in removals}
    return [why.get(id(problem)) for problem in problems]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 2+2?", "what is  2+2"),
        ("$x$ is 3.", "x is 3"),
        ("ﬁne", "FINE"),
        ("a\nb", "a b"),
        ("$f(6)-f(2)=12$. So?", "$f(6) - f(2) = 12.$ So"),
        ("\\left( \\dfrac12 \\right)", "( \\frac12 )"),
        ("5 − 3", "5 - 3"),
    ],
)
def test_the_same_problem_in_other_dress(one: str, other: str) -> None:
    assert normalise_text(one) == normalise_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 - 3", "2 + 3"),
        ("x < 3", "x > 3"),
        ("12", "1 2"),
        ("5", "5%"),
        ("8/(4/2)", "8/4/2"),
        ("-1", "1"),
        ("甲", "乙"),
        ("3!", "3"),
    ],
)
def test_two_problems(one: str, other: str) -> None:
    assert normalise_text(one) != normalise_text(other)


def test_a_problem_stays_in_the_last_split_that_has_it() -> None:
    splits = {
        "hsft": [make("A?", "hsft"), make("b", "hsft"), make("B!!", "hsft"), make("d", "hsft")],
        "errors": [make("a", "errors"), make("c", "errors")],
        "held_out": [make("C.", "held_out"), make("d", "held_out"), make("D", "held_out")],
    }
    kept, removals = clean_splits(splits)
    assert {name: [p.problem for p in problems] for name, problems in kept.items()} == {
        "hsft": ["b"],
        "errors": ["a"],
        "held_out": ["C.", "d"],
    }
    assert [(r.problem.split, r.reason, r.other.split) for r in removals] == [
        ("held_out", "duplicate", "held_out"),
        ("errors", "in_evaluation_set", "held_out"),
        ("hsft", "in_evaluation_set", "held_out"),
        ("hsft", "in_later_split", "errors"),
        ("hsft", "duplicate", "hsft"),
    ]
    assert removals[1].as_rejection("problems").detail == f"errors: {kept['held_out'][0].problem_id} in held_out (test)"


def test_thirteen_words_in_a_row_are_found_wherever_they_stand() -> None:
    words = LONG.split()
    planted = [
        "Please solve this one: " + LONG.upper(),
        "Once upon a time " + " ".join(words[4:17]) + " and so on.",
        "Once upon a time " + " ".join(words[4:16]) + " and so on.",
        LONG.replace(" ", "  $\\ $ "),
    ]
    assert reasons(planted, [LONG]) == ["shares_13_gram", "shares_13_gram", None, "in_evaluation_set"]
    assert reasons(planted, [LONG], ngram=12)[2] == "shares_12_gram"
    assert reasons(planted, [LONG], ngram=None) == [None, None, None, "in_evaluation_set"]


def test_a_short_evaluation_problem_is_found_by_its_text_alone() -> None:
    assert reasons(["Compute cos 150", "Compute cos 150 again"], ["Compute $\\cos(-150)$."]) == [
        "in_evaluation_set",
        None,
    ]


def test_chinese_words_are_counted_by_character() -> None:
    text = "已知椭圆的离心率为二分之一且过点求椭圆的方程"
    assert reasons([f"设{text}并说明理由", "已知椭圆的离心率"], [text]) == ["shares_13_gram", None]


def test_further_evaluation_sets_are_kept_clear_of() -> None:
    splits = {
        "hsft": [make("see " + LONG, "hsft")],
        "errors": [make("x", "errors")],
        "held_out": [make("x", "held_out")],
    }
    kept, removals = clean_splits(splits, further_evaluation=[make(LONG, "evaluation")])
    assert [(r.reason, r.other.split) for r in removals] == [
        ("in_evaluation_set", "held_out"),
        ("shares_13_gram", "evaluation"),
    ]
    assert removals[1].shown == "“a farmer has 12 cows and twice as many sheep on a field”"
    assert kept["held_out"]


def test_near_duplicates_have_the_same_numbers_and_the_same_answer() -> None:
    near = LONG.replace("A farmer", "The farmer")
    assert reasons([LONG, near]) == [None, "near_duplicate"]
    assert reasons([LONG, near], answers="12") == [None, None]
    assert reasons([LONG, near.replace("12", "13")]) == [None, None]
    assert reasons([LONG, near.replace("12", "5").replace("5 cows he", "12 cows he")]) == [None, None]
    assert reasons([LONG, near], similarity=None) == [None, None]
    assert reasons([LONG, near], similarity=1.0) == [None, None]
    assert reasons([LONG, LONG.replace("goats", "pigs").replace("river", "sea").replace("field", "hill")]) == [
        None,
        None,
    ]


def test_every_near_duplicate_in_a_large_group_is_found() -> None:
    """The index by first shingles finds what comparing all with all finds."""
    texts = [" ".join([*LONG.split()[:place], "indeed", *LONG.split()[place:]]) for place in range(1, 28)]
    assert reasons([LONG, *texts], similarity=0.8) == [None, *["near_duplicate"] * 27]


def test_the_evaluation_set_stays_whole() -> None:
    near = LONG.replace("A farmer", "The farmer")
    kept, removals = clean_splits({"hsft": [], "held_out": [make(LONG, "held_out"), make(near, "held_out")]})
    assert len(kept["held_out"]) == 2
    assert not removals


def test_problems_that_differ_in_their_numbers_alone_all_stay() -> None:
    splits = {
        split: make_problems(count=count, seed=0, split=split) for split, count in (("hsft", 2400), ("held_out", 500))
    }
    kept, removals = clean_splits(splits)
    assert {removal.reason for removal in removals} <= {"shares_13_gram"}  # the first moves may be the very same
    assert len(removals) < 10
    assert kept["held_out"] == splits["held_out"]
