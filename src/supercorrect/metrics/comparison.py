"""Two models on the same problems: is the difference more than chance?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

from supercorrect.metrics.proportions import bootstrap_interval


class PairedComparison(TypedDict):
    """The first model against the second.

    Attributes:
        difference: Mean of the first less mean of the second.
        ci95: Percentile bootstrap over problems; each brings what both models did with it.
        only_first: Problems that the first model has right and the second has not; None where a problem counts in
            fractions, as it has several solutions.
        p_mcnemar: Exact two-sided McNemar test of `only_first` against `only_second`; None where these are.
    """

    n: int
    difference: float
    ci95: list[float]
    only_first: int | None
    only_second: int | None
    p_mcnemar: float | None


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test: a fair coin decides every problem on which two models differ."""
    n = only_first + only_second
    tail = sum(math.comb(n, i) for i in range(min(only_first, only_second) + 1))
    return min(1.0, tail / (1 << n) * 2)


def compare_paired(first: Sequence[float], second: Sequence[float]) -> PairedComparison:
    """Compare what two models reach on the same problems, in the same order: 1 right, 0 not, or a share between."""
    differences = [one - other for one, other in zip(first, second, strict=True)]
    whole = all(value in (0, 1) for value in (*first, *second))
    only_first, only_second = differences.count(1), differences.count(-1)
    return {
        "n": len(differences),
        "difference": math.fsum(differences) / len(differences),
        "ci95": list(bootstrap_interval(differences)),
        "only_first": only_first if whole else None,
        "only_second": only_second if whole else None,
        "p_mcnemar": mcnemar_exact(only_first, only_second) if whole else None,
    }
