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
    figures = compute_self_correction(OUTCOMES)
    assert figures is not None
    assert (figures["wrong_to_right"], figures["right_to_wrong"], figures["n"]) == (2, 2, 9)
    assert figures["accuracy_before"]["value"] == figures["accuracy_after"]["value"] == 5 / 9
    rates = [figures[name] for name in ("self_correction_rate", "error_recall", "over_correction_rate")]  # type: ignore[literal-required]
    assert [(rate["value"], rate["n"]) for rate in rates] == [(2 / 4, 4), (3 / 4, 4), (2 / 5, 5)]
    assert (figures["change"]["only_first"], figures["change"]["only_second"]) == (2, 2)
    assert figures["change"]["p_mcnemar"] == pytest.approx(1.0)


def test_nothing_to_count_over_is_no_figure() -> None:
    assert compute_self_correction([]) is None
    figures = compute_self_correction([PassOutcome("correct", "correct", False)])
    assert figures is not None
    assert figures["self_correction_rate"] is figures["error_recall"] is None
    unknown = compute_self_correction([PassOutcome("incorrect", "correct", None)])
    assert unknown is not None and unknown["error_recall"] is None
