"""What a second pass did to a model's own solutions, without an oracle (Figure 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypedDict

from supercorrect.metrics.comparison import PairedComparison, compare_paired
from supercorrect.metrics.proportions import Proportion, compute_mean
from supercorrect.records import VerdictStatus


@dataclass(frozen=True)
class PassOutcome:
    """One solution before and after a pass; `faulted` says whether the pass found an error in it, None: unknown."""

    before: VerdictStatus
    after: VerdictStatus
    faulted: bool | None


class SelfCorrection(TypedDict):
    """Before and after one pass. Whatever is not `correct` counts as wrong here; None where nothing was counted.

    Shares are means over problems, as several solutions of one problem hang together; rates are means over the problems
    that have such a solution.

    Attributes:
        self_correction_rate: Share of the wrong solutions that are right after it.
        error_recall: Share of the wrong solutions in which it found an error.
        over_correction_rate: Share of the right solutions that are wrong after it.
        wrong_to_right: Counted over solutions, as `right_to_wrong` and `n`.
        change: After against before, problem by problem.
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


def compute_self_correction(problems: Sequence[Sequence[PassOutcome]]) -> SelfCorrection | None:
    """What self-correction fixed and broke; None where there was none.

    Args:
        problems: The solutions of each problem, one or more.
    """
    if not problems:
        return None
    outcomes = [outcome for solutions in problems for outcome in solutions]
    wrong = [[o for o in solutions if not _right_before(o)] for solutions in problems]
    right = [[o for o in solutions if _right_before(o)] for solutions in problems]
    known = all(o.faulted is not None for solutions in wrong for o in solutions)
    before = [fmean(map(_right_before, solutions)) for solutions in problems]
    after = [fmean(map(_right_after, solutions)) for solutions in problems]
    return {
        "accuracy_before": compute_mean(before),
        "accuracy_after": compute_mean(after),
        "wrong_to_right": sum(_right_after(o) and not _right_before(o) for o in outcomes),
        "right_to_wrong": sum(_right_before(o) and not _right_after(o) for o in outcomes),
        "self_correction_rate": _mean_share(wrong, _right_after),
        "error_recall": _mean_share(wrong, lambda o: bool(o.faulted)) if known else None,
        "over_correction_rate": _mean_share(right, lambda o: not _right_after(o)),
        "change": compare_paired(after, before),
        "n": len(outcomes),
    }


def _right_before(outcome: PassOutcome) -> bool:
    return outcome.before == "correct"


def _right_after(outcome: PassOutcome) -> bool:
    return outcome.after == "correct"


def _mean_share(problems: Sequence[Sequence[PassOutcome]], holds: Callable[[PassOutcome], bool]) -> Proportion | None:
    """The mean, over the problems that have any of these solutions, of the share of them of which it holds."""
    shares = [fmean(map(holds, solutions)) for solutions in problems if solutions]
    return compute_mean(shares) if shares else None
