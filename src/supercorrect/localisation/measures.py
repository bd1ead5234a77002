"""The figures of localisation on labelled solutions, each from the rows that it is counted over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypedDict

from supercorrect.localisation.judged import JudgedReview
from supercorrect.metrics import Proportion, compute_proportion


class WrongFigures(TypedDict):
    """How solutions with a wrong step are judged. An unreadable review is no hit, and is counted apart.

    Attributes:
        exact: Share whose first wrong step is named.
        within_one: Share in which the named step is at most one beside it.
        none_named: In how many the critic finds nothing wrong.
        corrected_answer: Share located exactly and brought to the right answer, of those with a reference answer.
        corrected_step: Share located exactly whose correction has the result of people's, of those with theirs.
        answer_ungradable: Located exactly, but with an answer that nobody could grade, or none.
        step_ungradable: Located exactly, but with a corrected step that nobody could grade, or none.
    """

    n: int
    exact: Proportion | None
    within_one: Proportion | None
    none_named: int
    corrected_answer: Proportion | None
    corrected_step: Proportion | None
    answer_ungradable: int
    step_ungradable: int


class RightFigures(TypedDict):
    """How solutions without a wrong step are judged.

    Attributes:
        exact: Share in which no step is named.
        false_alarm_rate: Share in which one is; what is missing to 1 is unreadable.
    """

    n: int
    exact: Proportion | None
    false_alarm_rate: Proportion | None


class LocalisationFigures(TypedDict):
    """A critic on a set. None: there is nothing to count it over.

    Attributes:
        exact: Share of all solutions for which it says what the label says.
        within_one: The same, with steps that are at most one beside the label; "none" has no neighbour.
        f1: ProcessBench's: the harmonic mean of `wrong.exact` and `right.exact`.
        right_answer_wrong_step: The part of `wrong` whose final answer is right all the same.
        wrong_answer_no_wrong_step: How many of `right` have a wrong final answer, if the labels are to be believed.
        unreadable: Reviews from which nothing can be read, by reason.
    """

    n: int
    exact: Proportion | None
    within_one: Proportion | None
    f1: float | None
    wrong: WrongFigures
    right: RightFigures
    right_answer_wrong_step: WrongFigures
    wrong_answer_no_wrong_step: int
    unreadable: dict[str, int]


def compute_localisation_figures(reviews: Sequence[JudgedReview]) -> LocalisationFigures:
    """All figures of one critic on one set, or on several together."""
    wrong = [review for review in reviews if review.first_error_step is not None]
    right = [review for review in reviews if review.first_error_step is None]
    return {
        "n": len(reviews),
        "exact": _share(reviews, is_exact),
        "within_one": _share(reviews, is_within_one),
        "f1": compute_f1(_share(wrong, is_exact), _share(right, is_exact)),
        "wrong": compute_wrong_figures(wrong),
        "right": {
            "n": len(right),
            "exact": _share(right, is_exact),
            "false_alarm_rate": _share(right, lambda review: review.named_step is not None),
        },
        "right_answer_wrong_step": compute_wrong_figures([review for review in wrong if review.answer_correct is True]),
        "wrong_answer_no_wrong_step": sum(review.answer_correct is False for review in right),
        "unreadable": dict(Counter(review.unreadable for review in reviews if review.unreadable is not None)),
    }


def is_exact(review: JudgedReview) -> bool:
    """Whether the critic says what the label says; a review that cannot be read says nothing."""
    return review.unreadable is None and review.named_step == review.first_error_step


def is_within_one(review: JudgedReview) -> bool:
    """As `is_exact`, or the named step is the neighbour of the first wrong one."""
    if review.named_step is None or review.first_error_step is None:
        return is_exact(review)
    return abs(review.named_step - review.first_error_step) <= 1


def compute_f1(wrong: Proportion | None, right: Proportion | None) -> float | None:
    """ProcessBench's F1 (arXiv 2412.06559): the harmonic mean of two accuracies. None: one has nothing under it."""
    if wrong is None or right is None:
        return None
    total = wrong["value"] + right["value"]
    return 2 * wrong["value"] * right["value"] / total if total > 0 else 0.0


def compute_wrong_figures(reviews: Sequence[JudgedReview]) -> WrongFigures:
    """The figures of solutions with a wrong step, or of some of them."""
    located = [review for review in reviews if is_exact(review)]
    return {
        "n": len(reviews),
        "exact": _share(reviews, is_exact),
        "within_one": _share(reviews, is_within_one),
        "none_named": sum(review.unreadable is None and review.named_step is None for review in reviews),
        "corrected_answer": _share(
            [review for review in reviews if review.answer_status is not None],
            lambda review: is_exact(review) and review.answer_status == "correct",
        ),
        "corrected_step": _share(
            [review for review in reviews if review.step_status is not None],
            lambda review: is_exact(review) and review.step_status == "correct",
        ),
        "answer_ungradable": sum(review.answer_status == "ungradable" for review in located),
        "step_ungradable": sum(review.step_status == "ungradable" for review in located),
    }


def _share(reviews: Sequence[JudgedReview], holds: Callable[[JudgedReview], bool]) -> Proportion | None:
    return compute_proportion(sum(map(holds, reviews)), len(reviews)) if reviews else None
