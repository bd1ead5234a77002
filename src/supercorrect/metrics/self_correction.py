"""What a second pass did to a model's own solutions, without an oracle (Figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from supercorrect.metrics.comparison import PairedComparison, compare_paired
from supercorrect.metrics.proportions import Proportion, compute_proportion, compute_share
from supercorrect.records import VerdictStatus


@dataclass(frozen=True)
class PassOutcome:
    """One solution before and after a pass; `faulted` says whether the pass found an error in it, None: unknown."""

    before: VerdictStatus
    after: VerdictStatus
    faulted: bool | None


class SelfCorrection(TypedDict):
    """Before and after one pass. Whatever is not `correct` counts as wrong here; None where nothing was counted.

    Attributes:
        self_correction_rate: Share of the wrong solutions that are right after it.
        error_recall: Share of the wrong solutions in which it found an error.
        over_correction_rate: Share of the right solutions that are wrong after it.
        change: After against before, solution by solution.
    """

    accuracy_before: Proportion
    accuracy_after: Proportion
    wrong_to_right: int
    right_to_wrong: int
    self_correction_rate: Proportion | None
    error_recall: Proportion | None
    over_correction_rate: Proportion | None
    change: PairedComparison
    n: int


def compute_self_correction(outcomes: Sequence[PassOutcome]) -> SelfCorrection | None:
    """What self-correction fixed and broke; None where there was none."""
    if not outcomes:
        return None
    n = len(outcomes)
    wrong = [o for o in outcomes if o.before != "correct"]
    right = [o for o in outcomes if o.before == "correct"]
    wrong_to_right = sum(o.after == "correct" for o in wrong)
    right_to_wrong = sum(o.after != "correct" for o in right)
    known = all(o.faulted is not None for o in wrong)
    return {
        "accuracy_before": compute_proportion(len(right), n),
        "accuracy_after": compute_proportion(len(right) - right_to_wrong + wrong_to_right, n),
        "wrong_to_right": wrong_to_right,
        "right_to_wrong": right_to_wrong,
        "self_correction_rate": compute_share(wrong_to_right, len(wrong)),
        "error_recall": compute_share(sum(bool(o.faulted) for o in wrong), len(wrong)) if known else None,
        "over_correction_rate": compute_share(right_to_wrong, len(right)),
        "change": compare_paired([o.after == "correct" for o in outcomes], [o.before == "correct" for o in outcomes]),
        "n": n,
    }
