"""What only a simulation can tell of a solution: whether every step is right, and what kind of error comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from supercorrect.formats import split_steps
from supercorrect.sandbox.language import Chain
from supercorrect.sandbox.teacher import find_first_error

ErrorKind = Literal["no_key", "slip_in_key", "miscopied_head", "wrong_simple_move", "missing_step"]
ERROR_KINDS: tuple[ErrorKind, ...] = ("no_key", "slip_in_key", "miscopied_head", "wrong_simple_move", "missing_step")
"""A tricky move done in one go and wrongly; done in small moves of which one, or the result, is wrong; a step that
begins at another hour or with another move than the problem's; a wrong single fact; a solution that ends too early."""
_PLAIN = re.compile(r"Solution: (?P<steps>.*?)(?:\. The answer is|$)", re.DOTALL)


@dataclass(frozen=True)
class Simulated:
    """Figures of several solutions.

    Attributes:
        whole: Solutions of which every step is right, and none is missing or too many.
        tricky_steps: Tricky moves that a step was written for.
        keyed_steps: Those whose step has a key.
        first_errors: Solutions by the kind of their first error.
    """

    n: int = 0
    whole: int = 0
    tricky_steps: int = 0
    keyed_steps: int = 0
    first_errors: Counter[ErrorKind] = field(default_factory=Counter)

    def __add__(self, other: Simulated) -> Simulated:
        return Simulated(
            self.n + other.n,
            self.whole + other.whole,
            self.tricky_steps + other.tricky_steps,
            self.keyed_steps + other.keyed_steps,
            self.first_errors + other.first_errors,
        )


def simulate(chains: Sequence[Chain], completions: Sequence[str]) -> Simulated:
    """The figures of one completion for each chain, in thought steps or as a plain solution."""
    total = Simulated()
    for chain, completion in zip(chains, completions, strict=True):
        total += simulate_one(chain, read_steps(completion))
    return total


def simulate_one(chain: Chain, steps: Sequence[str]) -> Simulated:
    """The figures of one solution."""
    tricky = [text for move, text in zip(chain.moves, steps, strict=False) if move.is_tricky]
    kind = classify_first_error(chain, steps)
    return Simulated(
        1,
        int(kind is None and len(steps) == len(chain.moves)),
        len(tricky),
        sum("<Key>" in text for text in tricky),
        Counter() if kind is None else Counter({kind: 1}),
    )


def read_steps(completion: str) -> list[str]:
    """The steps of a solution: those in tags, or those of a plain solution between semicolons."""
    tagged = [span.text for span in split_steps(completion)]
    if tagged:
        return tagged
    plain = _PLAIN.search(completion)
    return [step.strip() for step in plain["steps"].split(";")] if plain else []


def classify_first_error(chain: Chain, steps: Sequence[str]) -> ErrorKind | None:
    """The kind of the first wrong step; None: all moves of the chain are done rightly."""
    first = find_first_error(chain, steps)
    if first is None:
        return None
    if first > len(steps):
        return "missing_step"
    index, text = first - 1, steps[first - 1]
    if not text.startswith(f"{chain.step_head(index, chain.values[index])} "):
        return "miscopied_head"
    if not chain.moves[index].is_tricky:
        return "wrong_simple_move"
    return "slip_in_key" if "<Key>" in text else "no_key"
