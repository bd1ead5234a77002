"""What a second pass did, counted by hand."""

from __future__ import annotations

import pytest

from supercorrect.metrics import PassOutcome, compute_self_correction

OUTCOMES = [
    PassOutcome("incorrect", "correct", True),
    PassOutcome("incorrect", "incorrect", True),
    PassOutcome("incorrect", "incorrect", False),
    PassOutcome("ungradable", "correct", True),
    PassOutcome("correct", "incorrect", True),
    PassOutcome("correct", "correct", True),
    PassOutcome("correct", "correct", False),
    PassOutcome("correct", "ungradable", True),
    PassOutcome("correct", "correct", False),
]


def test_rates_are_over_the_wrong_and_over_the_right_ones() -> None:
    figures = compute_self_correction([[outcome] for outcome in OUTCOMES])
    assert figures is not None
    assert (figures["wrong_to_right"], figures["right_to_wrong"], figures["n"]) == (2, 2, 9)
    assert figures["accuracy_before"]["value"] == figures["accuracy_after"]["value"] == 5 / 9
    rates = [figures[name] for name in ("self_correction_rate", "error_recall", "over_correction_rate")]  # type: ignore[literal-required]
    assert [(rate["value"], rate["n"]) for rate in rates] == [(2 / 4, 4), (3 / 4, 4), (2 / 5, 5)]
    assert (figures["change"]["only_first"], figures["change"]["only_second"]) == (2, 2)
    assert figures["change"]["p_mcnemar"] == pytest.approx(1.0)


def test_nothing_to_count_over_is_no_figure() -> None:
    assert compute_self_correction([]) is None
    figures = compute_self_correction([[PassOutcome("correct", "correct", False)]])
    assert figures is not None
    assert figures["self_correction_rate"] is figures["error_recall"] is None
    unknown = compute_self_correction([[PassOutcome("incorrect", "correct", None)]])
    assert unknown is not None and unknown["error_recall"] is None


def test_the_same_solution_many_times_is_no_more_evidence() -> None:
    """Five equal samples of each problem: the figures of one sample, and no interval is narrower for it."""
    once = compute_self_correction([[outcome] for outcome in OUTCOMES])
    often = compute_self_correction([[outcome] * 5 for outcome in OUTCOMES])
    assert once is not None and often is not None
    assert (often["wrong_to_right"], often["n"]) == (10, 45)
    counted = {"wrong_to_right", "right_to_wrong", "n"}
    assert {k: v for k, v in often.items() if k not in counted} == {k: v for k, v in once.items() if k not in counted}


def test_samples_that_differ_count_in_fractions_of_their_problem() -> None:
    fixed, kept = PassOutcome("incorrect", "correct", True), PassOutcome("correct", "correct", False)
    left = PassOutcome("incorrect", "incorrect", False)
    figures = compute_self_correction([[fixed, left, left, left], [fixed, kept], [kept, kept]])
    assert figures is not None
    rate, before = figures["self_correction_rate"], figures["accuracy_before"]
    assert rate is not None and (rate["value"], rate["n"]) == ((1 / 4 + 1) / 2, 2)
    assert (before["value"], before["n"]) == (pytest.approx((0 + 1 / 2 + 1) / 3), 3)
    assert figures["change"]["difference"] == pytest.approx((1 / 4 + 1 / 2 + 0) / 3)
    assert figures["change"]["p_mcnemar"] is None
