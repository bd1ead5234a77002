"""Shares with their 95 % intervals: of all items, and by group."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TypedDict

from supercorrect.records import VerdictStatus

Z_95 = 1.959963984540054
RESAMPLES = 2000
"""Of a bootstrap; drawn with a fixed seed, so that the same rows give the same interval."""


class Proportion(TypedDict):
    """A share with its 95 % interval; n is how many it was counted over.

    The interval is Wilson's where each item counts 0 or 1, else the bootstrap's.
    """

    value: float
    ci95: list[float]
    n: int


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion.

    Raises:
        ValueError: n is 0: nothing was counted.
    """
    if n <= 0:
        raise ValueError("an interval needs at least one observation")
    share = successes / n
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n)) / (1 + Z_95**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def bootstrap_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean: items are drawn again, with replacement.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one observation")
    rng = random.Random(0)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(RESAMPLES))
    return means[round(0.025 * (RESAMPLES - 1))], means[round(0.975 * (RESAMPLES - 1))]


def compute_proportion(successes: int, n: int) -> Proportion:
    """A share with its Wilson interval."""
    low, high = wilson_interval(successes, n)
    return {"value": successes / n, "ci95": [low, high], "n": n}


def compute_share(successes: int, n: int) -> Proportion | None:
    """A share with its Wilson interval; None where there is nothing to count over."""
    return compute_proportion(successes, n) if n else None


def compute_mean(values: Sequence[float]) -> Proportion:
    """The mean over problems of what each counts, between 0 and 1.

    Samples of one problem hang together, so what is drawn again for the interval is the problem, never the sample.
    """
    if all(value in (0, 1) for value in values):
        return compute_proportion(round(sum(values)), len(values))
    return {"value": math.fsum(values) / len(values), "ci95": list(bootstrap_interval(values)), "n": len(values)}


def compute_accuracy(statuses: Sequence[VerdictStatus]) -> Proportion:
    """Accuracy over all items: an ungradable one is no success, and is counted apart."""
    return compute_proportion(sum(status == "correct" for status in statuses), len(statuses))


def compute_groups(groups: Sequence[str | None], values: Sequence[float]) -> dict[str, Proportion]:
    """The mean by group (topic, level), in order of name; items of no group are left out."""
    names = sorted({group for group in groups if group is not None})
    return {name: compute_mean([v for g, v in zip(groups, values, strict=True) if g == name]) for name in names}
