"""MATH and GSM8K as they are: what is loaded, what is found, what is removed."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import ProblemSetConfig
from supercorrect.grading import Grader
from supercorrect.problems import EVALUATION, LoadedSet, clean_splits, load_problems
from supercorrect.problems.answers import find_reference_answer
from supercorrect.records import Problem

pytestmark = pytest.mark.skipif("SUPERCORRECT_DATA" not in os.environ, reason="SUPERCORRECT_DATA is not set")


def load(name: str, split: str = "hsft", **config: Any) -> LoadedSet:
    path = Path(os.environ["SUPERCORRECT_DATA"]) / f"{name}.jsonl"
    [loaded] = load_problems([ProblemSetConfig(path=str(path), **config)], split=split, seed=0)
    return loaded


@pytest.fixture(scope="module")
def train() -> list[Problem]:
    math, gsm8k = load("math_train"), load("gsm8k_train")
    assert (math.layout, gsm8k.layout) == ("math", "gsm8k")
    assert len(math.problems) + len(math.rejections) == 7500
    assert [r.reason for r in math.rejections] == ["no_reference_answer"] * 2, "two solutions end in an empty box"
    assert (len(gsm8k.problems), gsm8k.rejections) == (7473, [])
    assert not any("<<" in p.reference_solution for p in gsm8k.problems)
    return math.problems + gsm8k.problems


@pytest.fixture(scope="module")
def held_out() -> list[Problem]:
    return load("math_test_dev_500", "held_out").problems + load("gsm8k_test_dev_200", "held_out").problems


@pytest.mark.parametrize(("name", "rows"), [("aime24", 30), ("amc23", 40)])
def test_competition_sets_serve_evaluation(name: str, rows: int) -> None:
    loaded = load(name, "held_out")
    assert (loaded.layout, len(loaded.problems)) == ("aime", rows)
    assert all(p.reference_answer.lstrip("-").isdigit() for p in loaded.problems)


def test_the_boxed_answer_is_the_answer_of_the_column(train: list[Problem]) -> None:
    """The hub's MATH has no column of answers: they are read from the solutions."""
    read = [(find_reference_answer(p.reference_solution), p) for p in train if p.source == "math_train"]
    differing = [(text, p.reference_answer) for text, p in read if text != p.reference_answer]
    assert len(differing) < 20, differing
    with Grader() as grader:
        wrong = [grade for grade in grader.grade_many(differing) if grade.status == "incorrect"]
    assert len(wrong) == 14, "solutions with several boxes in one list, of which the column has the last alone"


def test_selection_by_level_and_type() -> None:
    chosen = load("math_train", levels=[5], topics=["Number Theory"], count=100, seed=0).problems
    assert {(p.level, p.topic) for p in chosen} == {("Level 5", "Number Theory")}
    assert len(chosen) == 100
    assert len(load("math_train", levels=["?"]).problems) == 2


def test_the_test_problem_that_stands_in_math_train_is_found(train: list[Problem], held_out: list[Problem]) -> None:
    kept, removals = clean_splits({"hsft": train, "held_out": held_out})
    exact = [(r.problem.problem, r.other.problem) for r in removals if r.reason == "in_evaluation_set"]
    assert ("Compute $\\cos 150^\\circ$.", "Compute $\\cos (-150^\\circ)$.") in exact
    [(ours, theirs)] = [pair for pair in exact if "linear function" in pair[0]]
    assert ours.startswith("Let $f$ be a linear function for which $f(6)-f(2)=12$.")
    assert theirs.startswith("Let $f$ be a linear function for which $f(6) - f(2) = 12.$")
    assert len(exact) == 2
    counts = Counter(removal.reason for removal in removals)
    assert counts["duplicate"] == 2
    assert counts["near_duplicate"] <= 10
    assert counts["shares_13_gram"] <= 200, "all but a few of them share a phrase, not a problem"
    assert len(kept["hsft"]) + len(removals) == len(train)
    assert kept["held_out"] == held_out


def test_test_problems_that_are_put_into_training_are_all_found(train: list[Problem], held_out: list[Problem]) -> None:
    planted = [
        p.model_copy(update={"problem": f"Solve this:  {p.problem.upper()} Thank you!", "split": "hsft"})
        for p in held_out[::7]
        if len(p.problem.split()) >= 13
    ]
    assert len(planted) > 70
    _, removals = clean_splits({"hsft": train[:1000] + planted, "held_out": held_out})
    found = {removal.problem.problem for removal in removals}
    assert all(p.problem in found for p in planted)


def test_further_sets_are_found_too(train: list[Problem]) -> None:
    aime = load("aime24", EVALUATION).problems
    planted = [p.model_copy(update={"problem": p.problem + " Show your work."}) for p in aime]
    kept, _ = clean_splits({"hsft": planted, "held_out": []}, further_evaluation=aime)
    assert not kept["hsft"]
