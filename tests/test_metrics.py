"""Figures against published values and brute force."""

from __future__ import annotations

import random

import pytest

from supercorrect.grading import Grader
from supercorrect.metrics import compute_localisation, compute_self_correction, same_result, wilson_interval
from supercorrect.records import Correction, EvaluationItem, Verdict, VerdictStatus


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # statsmodels.stats.proportion.proportion_confint(method="wilson"), to six places
        (0, 10, 0.0, 0.277533),
        (5, 10, 0.236593, 0.763407),
        (10, 10, 0.722467, 1.0),
        (81, 263, 0.255289, 0.366210),
    ],
)
def test_wilson_interval(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=2e-6)


def test_wilson_interval_solves_its_own_equation() -> None:
    rng = random.Random(3)
    for _ in range(200):
        n = rng.randint(1, 2000)
        successes = rng.randint(0, n)
        for bound in wilson_interval(successes, n):
            if 1e-9 < bound < 1 - 1e-9:
                z = (successes / n - bound) / (bound * (1 - bound) / n) ** 0.5
                assert abs(z) == pytest.approx(1.959964, abs=1e-4)


def test_wilson_interval_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        wilson_interval(0, 0)


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


def test_self_correction_counts_both_ways() -> None:
    items = [
        make_item("1", "incorrect", "correct", None),
        make_item("2", "correct", "incorrect", None),
        make_item("3", "correct", "correct", None),
        make_item("4", "ungradable", "correct", None),
        make_item("5", "incorrect", "incorrect", None),
    ]
    result = compute_self_correction(items)
    assert result is not None
    assert (result["wrong_to_right"], result["right_to_wrong"], result["n"]) == (2, 1, 5)
    assert result["accuracy_after"]["value"] == 3 / 5


def test_an_arm_that_does_not_correct_itself_has_no_figure_rather_than_zero() -> None:
    assert compute_self_correction([make_item("1", "correct", None, None)]) is None


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
    assert result == {
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
