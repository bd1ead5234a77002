"""Training curves, from what the trainers logged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supercorrect.run_folder import RunFolder

MOST_POINTS = 160
"""Points of a drawn line: each is the mean of as many steps as it takes."""
TABLE_ROWS = 10
MEASURES = {
    "Loss": {"loss": "loss"},
    "Reward margin": {"margins": "margin"},
    "Log-probabilities": {"chosen_logps": "chosen", "rejected_logps": "rejected"},
}
"""The charts of a training: the lines of each, by what the trainers call them."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """One measure of one training: its lines over the optimiser steps."""

    arm: str
    measure: str
    lines: dict[str, list[Point]]

    @property
    def table(self) -> list[tuple[int, list[float | None]]]:
        """A few steps in even distances, the last included, with the value of each line."""
        steps = sorted({step for points in self.lines.values() for step, _ in points})
        stride = max(1, -(-len(steps) // TABLE_ROWS))
        shown = steps[::-1][::stride][::-1]
        values = [dict(points) for points in self.lines.values()]
        return [(round(step), [line.get(step) for line in values]) for step in shown]


def read_curves(folder: RunFolder, arms: Sequence[str]) -> dict[str, list[Curve]]:
    """The curves of each arm that was trained."""
    curves = {arm: _curves(arm, folder.training_log(arm)) for arm in arms}
    return {arm: drawn for arm, drawn in curves.items() if drawn}


def _curves(arm: str, log: Sequence[Mapping[str, float]]) -> list[Curve]:
    curves = []
    for measure, names in MEASURES.items():
        lines = {shown: thin(_points(log, logged)) for logged, shown in names.items()}
        if any(lines.values()):
            curves.append(Curve(arm, measure, lines))
    return curves


def _points(log: Sequence[Mapping[str, float]], name: str) -> list[Point]:
    rows = ((row.get("step"), row.get(name)) for row in log)
    return [(step, value) for step, value in rows if step is not None and value is not None and math.isfinite(value)]


def thin(points: Sequence[Point]) -> list[Point]:
    """At most `MOST_POINTS` points: means over neighbouring steps, at their last step."""
    size = max(1, -(-len(points) // MOST_POINTS))
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]
