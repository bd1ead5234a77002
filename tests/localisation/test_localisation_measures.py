"""Single figures by hand, and what counts as a hit."""

from __future__ import annotations

import pytest

from supercorrect.localisation.judged import JudgedReview
from supercorrect.localisation.measures import compute_f1, compute_localisation_figures, is_exact, is_within_one
from supercorrect.metrics import compute_proportion
from supercorrect.records import VerdictStatus


def review(
    label: int | None,
    named: int | None,
    unreadable: str | None = None,
    answer: VerdictStatus | None = None,
    step: VerdictStatus | None = None,
) -> JudgedReview:
    return JudgedReview(
        item_id="set/1",
        set_name="set",
        first_error_step=label,
        answer_correct=None,
        named_step=named,
        unreadable=unreadable,
        answer_status=answer,
        step_status=step,
    )


@pytest.mark.parametrize(
    ("label", "named", "exact", "near"),
    [
        (2, 2, True, True),
        (2, 1, False, True),
        (2, 3, False, True),
        (2, 4, False, False),
        (2, None, False, False),
        (1, None, False, False),
        (None, None, True, True),
        (None, 1, False, False),
    ],
)
def test_hits(label: int | None, named: int | None, exact: bool, near: bool) -> None:
    assert (is_exact(review(label, named)), is_within_one(review(label, named))) == (exact, near)


def test_what_cannot_be_read_does_not_say_none() -> None:
    unread = review(None, None, "truncated")
    assert not is_exact(unread)
    assert not is_within_one(unread)
    figures = compute_localisation_figures([unread, review(None, None), review(1, None, "no_steps")])
    assert figures["unreadable"] == {"truncated": 1, "no_steps": 1}
    assert figures["right"]["exact"] == compute_proportion(1, 2)
    assert figures["right"]["false_alarm_rate"] == compute_proportion(0, 2)
    assert figures["wrong"]["none_named"] == 0


def test_f1_is_the_harmonic_mean_of_two_accuracies() -> None:
    """By hand: 2 · 0.6 · 0.9 / (0.6 + 0.9) = 0.72."""
    assert compute_f1(compute_proportion(6, 10), compute_proportion(9, 10)) == pytest.approx(0.72)
    assert compute_f1(compute_proportion(0, 10), compute_proportion(0, 5)) == 0.0
    assert compute_f1(None, compute_proportion(1, 1)) is None


def test_a_correction_counts_only_where_the_error_is_found() -> None:
    rows = [
        review(2, 2, answer="correct", step="correct"),
        review(2, 1, answer="correct", step="correct"),
        review(2, 2, answer="ungradable", step="incorrect"),
        review(2, 2),
    ]
    wrong = compute_localisation_figures(rows)["wrong"]
    assert wrong["corrected_answer"] == compute_proportion(1, 3), "one has no reference answer"
    assert wrong["corrected_step"] == compute_proportion(1, 3)
    assert (wrong["answer_ungradable"], wrong["step_ungradable"]) == (1, 0)


def test_nothing_gives_no_figure() -> None:
    figures = compute_localisation_figures([])
    assert (figures["n"], figures["exact"], figures["f1"], figures["wrong"]["exact"]) == (0, None, None, None)
