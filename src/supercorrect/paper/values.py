"""What is measured of an arm, item by item, so that runs can be pooled and arms compared on the same items."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence

from supercorrect.metrics import PairedComparison, compare_paired, compute_mean
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Figure

Values = Mapping[str, float]
"""What each item counts, between 0 and 1, by its id."""
Measure = Callable[[FinishedRun, str], Values]
"""The values of one arm in one run; empty where the arm is not measured so."""


def sampled(run: FinishedRun, arm: str) -> Values:
    """Which problems are solved in one pass at the recipe's temperature."""
    return {i.problem_id: float(i.sampled == "correct") for i in run.items(arm)}


def greedy(run: FinishedRun, arm: str) -> Values:
    """Which problems are solved in one greedy pass."""
    return {i.problem_id: float(i.greedy == "correct") for i in run.items(arm)}


def after_correction(run: FinishedRun, arm: str) -> Values:
    """Which problems are solved once the arm has corrected its own sampled solution."""
    return {i.problem_id: float(i.corrected == "correct") for i in run.items(arm) if i.corrected is not None}


def located(run: FinishedRun, arm: str) -> Values:
    """In which wrong solutions the first wrong step is faulted first."""
    return {j.solution_id: float(j.located) for j in run.judged(arm) if j.wrong}


def corrected(run: FinishedRun, arm: str) -> Values:
    """In which wrong solutions it is also corrected to the teacher's result."""
    return {j.solution_id: float(j.corrected) for j in run.judged(arm) if j.wrong}


def false_alarms(run: FinishedRun, arm: str) -> Values:
    """In which right solutions a step is faulted."""
    return {j.solution_id: float(j.faulted) for j in run.judged(arm) if not j.wrong}


def repeated(run: FinishedRun, arm: str) -> Values:
    """How often each of the hardest problems is solved."""
    return {i.problem_id: statistics.fmean(v == "correct" for v in i.verdicts) for i in run.repeats(arm)}


def unsteadiness(run: FinishedRun, arm: str) -> Values:
    """The variance of right (1) and not right (0) over the repeats of each of the hardest problems."""
    return {i.problem_id: statistics.variance(float(v == "correct") for v in i.verdicts) for i in run.repeats(arm)}


def pool(
    runs: Sequence[FinishedRun], measure: Measure, arm: str, only: Sequence[Collection[str]] | None = None
) -> Figure:
    """The mean over the items of all runs, and over those of each.

    Args:
        only: The items that count, run by run. None: all.
    """
    by_run = []
    for index, run in enumerate(runs):
        counted = measure(run, arm)
        by_run.append([value for item, value in counted.items() if only is None or item in only[index]])
    return pool_values(by_run)


def pool_values(by_run: Sequence[Sequence[float]]) -> Figure:
    """The mean of the values of all runs, and of those of each."""
    values = [value for own in by_run for value in own]
    if not values:
        return Figure(None)
    mean = compute_mean(values)
    return Figure(
        mean["value"],
        (mean["ci95"][0], mean["ci95"][1]),
        mean["n"],
        tuple(statistics.fmean(own) for own in by_run if own),
    )


class Compared:
    """Two arms, or one arm measured in two ways, on the same items: of all runs, and of each.

    Args:
        first: Values a run.
        second: Values a run, of the same items.

    Attributes:
        by_run: The difference in each run.
        apart: In how many runs the two means' own 95 % intervals do not touch.
        pooled: The difference over the items of all runs. None: there are none.
    """

    def __init__(self, first: Sequence[Values], second: Sequence[Values]) -> None:
        pairs = [[(one[item], other[item]) for item in one] for one, other in zip(first, second, strict=True)]
        pairs = [run_pairs for run_pairs in pairs if run_pairs]
        everything = [pair for run_pairs in pairs for pair in run_pairs]
        self.by_run = tuple(statistics.fmean(a - b for a, b in run_pairs) for run_pairs in pairs)
        self.apart = sum(_are_apart(run_pairs) for run_pairs in pairs)
        self.pooled: PairedComparison | None = (
            compare_paired([a for a, _ in everything], [b for _, b in everything]) if everything else None
        )


def _are_apart(pairs: Sequence[tuple[float, float]]) -> bool:
    (low, high), (other_low, other_high) = (compute_mean(side)["ci95"] for side in zip(*pairs, strict=True))
    return low > other_high or other_low > high
