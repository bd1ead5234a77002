"""The teachers' work in figures, from attempts that are counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.records import Attempt, Correction, ParsedThought, Problem, Thought, ThoughtStep, Verdict
from supercorrect.report.quality import Accepted, compute_quality, describe_stage
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


def thought(item: str) -> Thought:
    parsed = ParsedThought(steps=(ThoughtStep(text="one"),), answer="1")
    return Thought(thought_id="t", problem_id=item, teacher="cheap", request_key="k", completion="", thought=parsed)


def verdict(item: str, asked: str) -> Verdict:
    return Verdict(verdict_id=item, problem_id=asked, solution_id=item, status="incorrect", extracted="2")


def correction(item: str) -> Correction:
    said = {"cause": "c", "correction": "d", "corrected_answer": "1", "completion": ""}
    made = {"correction_id": item, "problem_id": "e", "solution_id": item, "teacher": "cheap", "request_key": "k"}
    return Correction(**made, first_error_step=1, **said)


ATTEMPTS = [
    attempt("a", 1, None),
    attempt("b", 1, "no_answer"),
    attempt("b", 2, None),
    attempt("c", 1, "no_answer"),
    attempt("c", 1, None, teacher="dear", usd=4.0),
    attempt("d", 1, "inspector", teacher="dear", usd=2.0),
]
PROBLEMS = {name: problem(name, level) for name, level in zip("abcd", ["1", "1", "2", None], strict=True)}
ACCEPTED = [Accepted("a", ("x", "x"), 2), Accepted("b", ("x", "y"), 3), Accepted("c", (), 7)]


def test_acceptance_rounds_and_refusals_are_counted() -> None:
    quality = describe_stage("thoughts", ATTEMPTS, PROBLEMS, ACCEPTED)
    assert quality["acceptance"] == {"accepted": 3, "asked": 4}
    assert quality["by_level"] == {"1": {"accepted": 2, "asked": 2}, "2": {"accepted": 1, "asked": 1}}
    assert quality["by_topic"] == {"algebra": {"accepted": 3, "asked": 4}}
    assert quality["rounds"] == {1: 2, 2: 1}
    assert quality["refusals"] == {"no_answer": 2, "inspector": 1}
    assert quality["repairs"] == {"x": 2, "y": 1}
    assert quality["steps"] == {"median": 3, "least": 2, "most": 7}
    assert quality["output_tokens"] == {"median": 10, "least": 10, "most": 20}


def test_each_teacher_has_its_cost_per_accepted_record() -> None:
    cheap, dear = describe_stage("thoughts", ATTEMPTS, PROBLEMS, ACCEPTED)["teachers"]
    assert (cheap["teacher"], cheap["attempts"], cheap["accepted"], cheap["usd"]) == ("cheap", 4, 2, 2.0)
    assert cheap["usd_per_accepted"] == pytest.approx(1.0)
    assert dear["usd_per_accepted"] == pytest.approx(6.0)


def test_an_unknown_cost_stays_unknown() -> None:
    attempts = [attempt("a", 1, None, usd=None), attempt("b", 1, None)]
    (teacher,) = describe_stage("thoughts", attempts, PROBLEMS, ACCEPTED[:2])["teachers"]
    assert (teacher["usd"], teacher["usd_per_accepted"]) == (None, None)


def test_every_round_and_every_control_is_counted(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write("problems/hsft", [problem("h", "1")])
    folder.write("problems/errors", [problem("e", "1"), problem("f", "1")])
    for name, stage, item in (("hsft", "thoughts", "h"), ("hsft_fresh", "thoughts_hsft_fresh", "e")):
        folder.write(f"thoughts/{name}", [thought(item)])
        folder.write(f"attempts/{stage}", [attempt(item, 1, None)])
    for suffix, count in (("", 1), ("_r2", 2)):
        items = [f"solution{suffix}-{i}" for i in range(count)]
        folder.write(f"verdicts/errors{suffix}", [verdict(item, "ef"[i]) for i, item in enumerate(items)])
        folder.write(f"corrections/errors{suffix}", [correction(items[0])])
        folder.write(
            f"attempts/corrections{suffix}", [attempt(item, 1, None if item == items[0] else "x") for item in items]
        )
    recipe = small_recipe(tmp_path, "rounds=2", "controls={hsft_fresh: {fresh: calls}}")
    assert {work["stage"]: tuple(work["acceptance"].values()) for work in compute_quality(recipe, folder)} == {
        "thoughts": (1, 1),
        "corrections": (1, 1),
        "corrections_r2": (1, 2),
        "thoughts_hsft_fresh": (1, 1),
    }


def test_a_run_shows_its_teachers_work(small_run: Path) -> None:
    thoughts, corrections = compute_quality(small_recipe(small_run), RunFolder(small_run))
    assert thoughts["acceptance"] == {"accepted": 48, "asked": 48}
    assert sum(share["asked"] for share in thoughts["by_level"].values()) == 48
    assert corrections["acceptance"]["accepted"] == len(
        (small_run / "data" / "corrections" / "errors.jsonl").read_text().splitlines()
    )
    page = (small_run / "report.html").read_text()
    assert "Thoughts: 48 accepted of 48" in page
    assert "oracle" in page


def test_what_teachers_do_not_agree_on_is_not_accepted() -> None:
    quality = describe_stage("corrections", ATTEMPTS, PROBLEMS, [Accepted("a", (), 2)])
    assert quality["acceptance"] == {"accepted": 1, "asked": 4}
    assert quality["refusals"] == {"no_answer": 2, "teachers_disagree": 2, "inspector": 1}
    assert [teacher["accepted"] for teacher in quality["teachers"]] == [1, 0]
