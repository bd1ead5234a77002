"""The figures of an arm, from rows that are counted by hand."""

from __future__ import annotations

import pytest

from supercorrect.grading import Grader
from supercorrect.metrics import compute_arm, compute_localisation, same_result, wilson_interval
from supercorrect.records import Correction, EvaluationItem, Problem, Verdict, VerdictStatus


def make_item(
    problem_id: str, sampled: VerdictStatus, corrected: VerdictStatus | None, step: int | None
) -> EvaluationItem:
    return EvaluationItem(
        arm="a",
        problem_id=problem_id,
        greedy="correct",
        greedy_completion="",
        sampled=sampled,
        sampled_completion="",
        corrected=corrected,
        reviewed_solution_id=f"s-{problem_id}",
        located_step=step,
        located_correction="2 + 2 = 4" if step else None,
    )


def make_problem(problem_id: str, topic: str, level: str | None) -> Problem:
    return Problem(
        problem_id=problem_id,
        problem=problem_id,
        reference_solution="",
        reference_answer="4",
        split="held_out",
        source="x",
        topic=topic,
        level=level,
    )


def test_an_arm_is_counted_by_topic_and_against_another_arm() -> None:
    items = [
        make_item("1", "incorrect", "correct", None),
        make_item("2", "correct", "incorrect", None),
        make_item("3", "correct", "correct", None),
        make_item("4", "ungradable", "correct", None),
    ]
    other = [make_item(str(k), "correct", None, None) for k in (1, 2, 3, 4)]
    problems = {str(k): make_problem(str(k), "even" if k % 2 == 0 else "odd", None) for k in (1, 2, 3, 4)}
    verdicts = {f"s-{k}": Verdict(verdict_id="v", solution_id=f"s-{k}", problem_id=k, status="correct") for k in "1234"}
    with Grader() as grader:
        figures = compute_arm(items, {}, verdicts, grader, problems, {"other": other})
    assert (figures["accuracy"]["value"], figures["ungradable"]) == (0.5, 1)
    assert {name: (share["value"], share["n"]) for name, share in figures["by_topic"].items()} == {
        "even": (0.5, 2),
        "odd": (0.5, 2),
    }
    assert figures["by_level"] == {}
    compared = figures["compared_with"]["other"]
    assert (compared["only_first"], compared["only_second"], compared["difference"]) == (0, 2, -0.5)
    assert compared["p_mcnemar"] == pytest.approx(0.5)
    assert figures["self_correction"] is not None
    assert figures["self_correction"]["wrong_to_right"] == 2
    assert figures["self_correction"]["error_recall"] is None  # rows of an older run do not say what was faulted


def test_an_arm_that_does_not_correct_itself_has_no_figure_rather_than_zero() -> None:
    items, problems = [make_item("1", "correct", None, None)], {"1": make_problem("1", "x", None)}
    verdicts = {"s-1": Verdict(verdict_id="v", solution_id="s-1", problem_id="1", status="correct")}
    with Grader() as grader:
        assert compute_arm(items, {}, verdicts, grader, problems, {})["self_correction"] is None


def test_localisation_counts_first_errors_corrections_and_false_alarms() -> None:
    def correction(problem_id: str, step: int, text: str) -> Correction:
        return Correction(
            correction_id=f"c-{problem_id}",
            solution_id=f"s-{problem_id}",
            problem_id=problem_id,
            teacher="t",
            request_key="k",
            completion="",
            first_error_step=step,
            cause="x",
            correction=text,
            corrected_answer="4",
        )

    def verdict(problem_id: str, status: VerdictStatus) -> Verdict:
        return Verdict(verdict_id="v", solution_id=f"s-{problem_id}", problem_id=problem_id, status=status)

    corrections = {
        f"s-{c.problem_id}": c
        for c in (correction("1", 2, "1 + 3 = 4"), correction("2", 2, "1 + 3 = 5"), correction("3", 1, "1 + 3 = 4"))
    }
    statuses: dict[str, VerdictStatus] = {
        "1": "incorrect",
        "2": "incorrect",
        "3": "incorrect",
        "4": "correct",
        "5": "correct",
    }
    verdicts = {f"s-{k}": verdict(k, status) for k, status in statuses.items()}
    steps = {"1": 2, "2": 2, "3": None, "4": 1, "5": None}
    items = [make_item(k, "correct", None, step) for k, step in steps.items()]
    with Grader() as grader:
        result = compute_localisation(items, corrections, verdicts, grader)
    assert result is not None
    assert result["ci95"] == {
        "locate_correctness": pytest.approx(wilson_interval(2, 3)),
        "correction_accuracy": pytest.approx(wilson_interval(1, 3)),
        "false_alarm_rate": pytest.approx(wilson_interval(1, 2)),
    }
    assert {name: value for name, value in result.items() if name != "ci95"} == {
        "locate_correctness": 2 / 3,
        "correction_accuracy": 1 / 3,
        "false_alarm_rate": 1 / 2,
        "n": 3,
        "n_right": 2,
    }


def test_same_result_compares_what_stands_behind_the_last_equals_sign() -> None:
    with Grader() as grader:
        assert same_result("3 first plus 1 = 4", "<Key> 1 = 1 </Key> = 4", grader)
        assert not same_result("3 first plus 1 = 5", "3 plus 1 = 4", grader)
        assert not same_result(None, "= 4", grader)
