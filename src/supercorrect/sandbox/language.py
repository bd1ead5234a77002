"""The sandbox's problem family: chains of moves on a dial of 13 hours, in short English.

    Ann starts at 6; first times 4; second blend 3 5 2; third plus 9. Where does Ann end?

All arithmetic is modulo 13, so a wrong chain rarely ends right. A *blend* a b c takes v to a·v² + b·v + c: about 24,000
cases, too many to know by heart, yet easy in four small moves. A hierarchical thought writes those moves into `<Key>`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from supercorrect.records import Problem, make_id

HOURS = 13
NAMES = ("Ann", "Ben", "Cid", "Dee", "Eve", "Fay", "Gus", "Hal")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
SIMPLE_MOVES = ("plus", "minus", "times")
BLEND = "blend"
GENERALIZED_BLENDS = "take the moves in order and break each blend into small parts"
GENERALIZED_SIMPLE = "take the moves in order"


@dataclass(frozen=True)
class Move:
    """One move of a chain: `plus`, `minus` or `times` with one constant, or `blend` with three."""

    name: str
    constants: tuple[int, ...]

    @property
    def is_blend(self) -> bool:
        """Whether this is the tricky kind of move."""
        return self.name == BLEND

    def __str__(self) -> str:
        return " ".join([self.name, *map(str, self.constants)])

    def apply(self, value: int) -> int:
        """The hour on which this move ends when it begins at `value`."""
        if not self.is_blend:
            return compute(value, self.name, self.constants[0])
        a, b, c = self.constants
        return (a * value * value + b * value + c) % HOURS


@dataclass(frozen=True)
class Chain:
    """A problem of the family, as its maker knows it.

    Attributes:
        values: The hours passed, one more than there are moves: `values[i]` is where move i begins.
    """

    name: str
    start: int
    moves: tuple[Move, ...]

    @property
    def values(self) -> tuple[int, ...]:
        """The hours passed: `values[i]` is where move i begins, the last one is the answer."""
        values = [self.start]
        for move in self.moves:
            values.append(move.apply(values[-1]))
        return tuple(values)

    @property
    def text(self) -> str:
        """The problem as the student reads it."""
        moves = "".join(f"; {ordinal} {move}" for ordinal, move in zip(ORDINALS, self.moves, strict=False))
        return f"{self.name} starts at {self.start}{moves}. Where does {self.name} end?"

    def step(self, index: int, *, with_key: bool, value: int | None = None) -> str:
        """The right text of one step.

        Args:
            index: Which move, from 0.
            with_key: Write the small moves of a blend into `<Key>`; without effect on other moves.
            value: Where the step begins. None: where the chain really stands.
        """
        move = self.moves[index]
        begin = self.values[index] if value is None else value
        key = f" <Key> {'; '.join(small_moves(move, begin))} </Key>" if with_key and move.is_blend else ""
        return f"{self.step_head(index, begin)}{key} = {move.apply(begin)}"

    def step_head(self, index: int, value: int) -> str:
        """What every step begins with: where it starts and the move, as the problem says it."""
        return f"{value} {ORDINALS[index]} {self.moves[index]}"

    @property
    def generalized(self) -> str:
        """The high-level thought for problems of this kind."""
        return GENERALIZED_BLENDS if any(move.is_blend for move in self.moves) else GENERALIZED_SIMPLE

    @property
    def reference_solution(self) -> str:
        """A plain solution, as a data set has it: every move done in one go."""
        steps = [self.step(index, with_key=False) for index in range(len(self.moves))]
        return f"Solution: {'; '.join(steps)}. The answer is {self.values[-1]}."


def compute(left: int, name: str, right: int) -> int:
    """`left` plus, minus or times `right` on the dial."""
    results = {"plus": left + right, "minus": left - right, "times": left * right}
    return results[name] % HOURS


def small_moves(move: Move, value: int) -> list[str]:
    """The four small moves of a blend by Horner's rule, each with its result."""
    texts = []
    a, b, c = move.constants
    left = a
    for name, right in (("times", value), ("plus", b), ("times", value), ("plus", c)):
        result = compute(left, name, right)
        texts.append(f"{left} {name} {right} = {result}")
        left = result
    return texts


def make_move(rng: random.Random, blend_share: float = 0.5) -> Move:
    """One random move."""
    if rng.random() < blend_share:
        return Move(BLEND, tuple(rng.randint(1, HOURS - 1) for _ in range(3)))
    name = rng.choice(SIMPLE_MOVES)
    return Move(name, (rng.randint(2 if name == "times" else 1, HOURS - 1),))


def make_chain(rng: random.Random, shortest: int = 3, longest: int = 5, blend_share: float = 0.5) -> Chain:
    """One random chain of `shortest` to `longest` moves."""
    moves = tuple(make_move(rng, blend_share) for _ in range(rng.randint(shortest, longest)))
    return Chain(rng.choice(NAMES), rng.randrange(HOURS), moves)


def read_chain(text: str) -> Chain | None:
    """The chain that a problem's text tells; None if the text is no problem of this family."""
    head, _, tail = text.strip().partition(". Where does ")
    opening, *moves = head.split("; ")
    words = opening.split()
    if len(words) != 4 or words[1:3] != ["starts", "at"] or not moves or not tail or len(moves) > len(ORDINALS):
        return None
    try:
        parsed = [Move(move.split()[1], tuple(map(int, move.split()[2:]))) for move in moves]
        chain = Chain(words[0], int(words[3]), tuple(parsed))
    except (ValueError, IndexError):
        return None
    well_formed = all(
        move.name in (*SIMPLE_MOVES, BLEND) and len(move.constants) == (3 if move.is_blend else 1) for move in parsed
    )
    return chain if well_formed and chain.text == text.strip() else None


def make_problems(*, count: int, seed: int, split: str) -> list[Problem]:
    """`count` distinct problems; the same seed gives the same problems."""
    rng = random.Random(f"{split}/{seed}")
    problems: dict[str, Problem] = {}
    while len(problems) < count:
        chain = make_chain(rng)
        blends = sum(move.is_blend for move in chain.moves)
        problem = Problem(
            problem_id=make_id("problem", chain.text),
            problem=chain.text,
            reference_solution=chain.reference_solution,
            reference_answer=str(chain.values[-1]),
            split=split,
            source="sandbox",
            topic=f"{len(chain.moves)} moves",
            level=f"{blends} blends" if blends != 1 else "1 blend",
        )
        problems.setdefault(problem.problem_id, problem)
    return list(problems.values())
