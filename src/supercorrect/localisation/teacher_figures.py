"""The figures of teachers and of their inspector, from judged corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from supercorrect.localisation.judged import JudgedReview
from supercorrect.localisation.measures import WrongFigures, compute_wrong_figures
from supercorrect.metrics import Proportion, compute_proportion


class TeacherFigures(TypedDict):
    """One condition. The figures of `all` count what was not accepted as no hit.

    Attributes:
        answer_right: Share whose corrected answer is right, wherever the error was found. (What our checks accept
            always has it; before them it says something.)
        refused: What was not accepted, by the last reason.
    """

    accepted: Proportion
    answer_right: Proportion
    all: WrongFigures
    of_accepted: WrongFigures
    refused: dict[str, int]


class InspectorFigures(TypedDict):
    """What the inspector said of the replies that it saw, and whether people agree with their first wrong step."""

    accepted: Proportion
    accepted_and_agreeing: int
    accepted_but_differing: int
    refused_but_agreeing: int
    refused_and_differing: int


def compute_condition(rows: Sequence[JudgedReview]) -> TeacherFigures | None:
    """The figures of one condition; None where no solution of a set could be used."""
    if not rows:
        return None
    accepted = [row for row in rows if row.unreadable is None]
    return {
        "accepted": compute_proportion(len(accepted), len(rows)),
        "answer_right": compute_proportion(sum(row.answer_status == "correct" for row in rows), len(rows)),
        "all": compute_wrong_figures(rows),
        "of_accepted": compute_wrong_figures(accepted),
        "refused": dict(Counter(row.unreadable for row in rows if row.unreadable is not None)),
    }


def compute_inspector(words: Sequence[tuple[bool, bool]]) -> InspectorFigures | None:
    """What an inspector's word is worth; None: it saw nothing.

    Args:
        words: For each reply that it saw, whether it accepted it, and whether people name the same first wrong step.
    """
    if not words:
        return None
    counts = Counter(words)
    return {
        "accepted": compute_proportion(counts[True, True] + counts[True, False], len(words)),
        "accepted_and_agreeing": counts[True, True],
        "accepted_but_differing": counts[True, False],
        "refused_but_agreeing": counts[False, True],
        "refused_and_differing": counts[False, False],
    }
