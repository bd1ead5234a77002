"""The teachers' work in figures, from attempts that are counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from supercorrect.records import Attempt, Problem
from supercorrect.report.quality import compute_quality, describe_stage
from supercorrect.run_folder import RunFolder


def attempt(item: str, number: int, reason: str | None, teacher: str = "cheap", usd: float | None = 0.5) -> Attempt:
    return Attempt(
        item_id=item,
        stage="thoughts",
        teacher=teacher,
        round=number,
        request_key="k",
        inspector_request_key=None,
        reason=reason,
        remark=None,
        output_tokens=10 * number,
        usd=usd,
    )


def problem(name: str, level: str | None) -> Problem:
    return Problem(
        problem_id=name,
        problem=name,
        reference_solution="",
        reference_answer="1",
        split="hsft",
        source="x",
        level=level,
        topic="algebra",
    )


ATTEMPTS = [
    attempt("a", 1, None),
    attempt("b", 1, "no_answer"),
    attempt("b", 2, None),
    attempt("c", 1, "no_answer"),
    attempt("c", 1, None, teacher="dear", usd=4.0),
    attempt("d", 1, "inspector", teacher="dear", usd=2.0),
]
PROBLEMS = {name: problem(name, level) for name, level in zip("abcd", ["1", "1", "2", None], strict=True)}


def test_acceptance_rounds_and_refusals_are_counted() -> None:
    quality = describe_stage("thoughts", ATTEMPTS, PROBLEMS, set("abc"), [("x", "x"), ("x", "y"), ()], [2, 3, 7])
    assert quality["acceptance"] == {"accepted": 3, "asked": 4}
    assert quality["by_level"] == {"1": {"accepted": 2, "asked": 2}, "2": {"accepted": 1, "asked": 1}}
    assert quality["by_topic"] == {"algebra": {"accepted": 3, "asked": 4}}
    assert quality["rounds"] == {1: 2, 2: 1}
    assert quality["refusals"] == {"no_answer": 2, "inspector": 1}
    assert quality["repairs"] == {"x": 2, "y": 1}
    assert quality["steps"] == {"median": 3, "least": 2, "most": 7}
    assert quality["output_tokens"] == {"median": 10, "least": 10, "most": 20}


def test_each_teacher_has_its_cost_per_accepted_record() -> None:
    cheap, dear = describe_stage("thoughts", ATTEMPTS, PROBLEMS, set("abc"), [], [])["teachers"]
    assert (cheap["teacher"], cheap["attempts"], cheap["accepted"], cheap["usd"]) == ("cheap", 4, 2, 2.0)
    assert cheap["usd_per_accepted"] == pytest.approx(1.0)
    assert dear["usd_per_accepted"] == pytest.approx(6.0)


def test_an_unknown_cost_stays_unknown() -> None:
    attempts = [attempt("a", 1, None, usd=None), attempt("b", 1, None)]
    (teacher,) = describe_stage("thoughts", attempts, PROBLEMS, set("ab"), [], [])["teachers"]
    assert (teacher["usd"], teacher["usd_per_accepted"]) == (None, None)


def test_a_run_shows_its_teachers_work(small_run: Path) -> None:
    thoughts, corrections = compute_quality(RunFolder(small_run))
    assert thoughts["acceptance"] == {"accepted": 48, "asked": 48}
    assert sum(share["asked"] for share in thoughts["by_level"].values()) == 48
    assert corrections["acceptance"]["accepted"] == len(
        (small_run / "data" / "corrections" / "errors.jsonl").read_text().splitlines()
    )
    page = (small_run / "report.html").read_text()
    assert "Thoughts: 48 accepted of 48" in page
    assert "oracle" in page


def test_what_teachers_do_not_agree_on_is_not_accepted() -> None:
    quality = describe_stage("corrections", ATTEMPTS, PROBLEMS, {"a"}, [()], [2])
    assert quality["acceptance"] == {"accepted": 1, "asked": 4}
    assert quality["refusals"] == {"no_answer": 2, "teachers_disagree": 2, "inspector": 1}
    assert [teacher["accepted"] for teacher in quality["teachers"]] == [1, 0]
