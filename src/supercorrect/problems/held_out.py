"""The problems that models are measured on: each once, and what is left out told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from supercorrect.config import ProblemSetConfig
from supercorrect.problems.loading import load_problems
from supercorrect.records import Problem


@dataclass(frozen=True)
class HeldOutSet:
    """A set as models are asked about it.

    Attributes:
        name: As of `LoadedSet`.
        layout: The layout that its rows were read by.
        problems: Each once, in the order of the rows.
        repeated: Rows whose problem stands in a row before.
        left_out: Rows without a reference answer.
    """

    name: str
    layout: str
    problems: list[Problem]
    repeated: int
    left_out: int


def load_held_out(config: ProblemSetConfig, *, seed: int, say: Callable[[str], None]) -> HeldOutSet:
    """Read a set to measure models on.

    Args:
        seed: Handed to a function that makes problems.
        say: Told how many rows are left out, and why.

    Raises:
        InputError: The set cannot be read, or nothing in it can be used.
    """
    [loaded] = load_problems([config], split="held_out", seed=seed)
    problems = list({problem.problem_id: problem for problem in loaded.problems}.values())
    repeated, left_out = len(loaded.problems) - len(problems), len(loaded.rejections)
    for count, reason in ((left_out, "no reference answer"), (repeated, "the problem stands in a row before")):
        if count:
            say(f"{loaded.name}: {count} of {loaded.rows} rows left out: {reason}")
    return HeldOutSet(loaded.name, loaded.layout, problems, repeated, left_out)
