"""The sandbox's problem family: chains of moves on a dial of 13 hours, in short English.

    Ann starts at 6; first times 4; second blend 3 5 2; third plus 9. Where does Ann end?

All arithmetic is modulo 13, so a wrong chain rarely ends right. `plus`, `minus` and `times` are single facts. The other
moves are *tricky*: several small moves in one, which a hierarchical thought writes into `<Key>`. A `blend` has about
24,000 cases, too many to know by heart; a `bend` has 156, which practice alone can learn; `fold`, `spin` and `turn` are
rare.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from supercorrect.records import Problem, make_id

HOURS = 13
NAMES = ("Ann", "Ben", "Cid", "Dee", "Eve", "Fay", "Gus", "Hal")
ORDINALS = ("first", "second", "third", "fourth", "fifth")
SIMPLE_MOVES = ("plus", "minus", "times")
TRICKY_MOVES = {
    "blend": ("a times v", "plus b", "times v", "plus c"),
    "bend": ("v times v", "plus a"),
    "fold": ("v plus a", "times b"),
    "spin": ("v times a", "minus b"),
    "turn": ("v minus a", "times b"),
}
"""The small moves of each tricky one: v is where it begins, a, b and c are its constants, in order."""
TRICKY_SHARES = {"blend": 0.55, "bend": 0.36, "fold": 0.03, "spin": 0.03, "turn": 0.03}
"""How often each is drawn among the tricky moves of a problem."""
TRICKY_SHARE = 0.5
HARD_TRICKY_SHARE = 0.8
GENERALIZED_TRICKY = "take the moves in order and break each tricky move into small parts"
GENERALIZED_SIMPLE = "take the moves in order"


@dataclass(frozen=True)
class Move:
    """One move of a chain: its name and its constants."""

    name: str
    constants: tuple[int, ...]

    @property
    def is_tricky(self) -> bool:
        """Whether it is made of several small moves."""
        return self.name in TRICKY_MOVES

    def __str__(self) -> str:
        return " ".join([self.name, *map(str, self.constants)])

    def apply(self, value: int) -> int:
        """The hour on which this move ends when it begins at `value`."""
        if not self.is_tricky:
            return compute(value, self.name, self.constants[0])
        return int(small_moves(self, value)[-1].rpartition(" ")[2])


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
            with_key: Write the small moves of a tricky move into `<Key>`; without effect on other moves.
            value: Where the step begins. None: where the chain really stands.
        """
        move = self.moves[index]
        begin = self.values[index] if value is None else value
        key = f" <Key> {'; '.join(small_moves(move, begin))} </Key>" if with_key and move.is_tricky else ""
        return f"{self.step_head(index, begin)}{key} = {move.apply(begin)}"

    def step_head(self, index: int, value: int) -> str:
        """What every step begins with: where it starts and the move, as the problem says it."""
        return f"{value} {ORDINALS[index]} {self.moves[index]}"

    @property
    def generalized(self) -> str:
        """The high-level thought for problems of this kind."""
        return GENERALIZED_TRICKY if any(move.is_tricky for move in self.moves) else GENERALIZED_SIMPLE

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
    """The small moves of a tricky one, each with its result."""
    known = dict(zip("vabc", (value, *move.constants), strict=False))
    texts: list[str] = []
    left: int | None = None
    for part in TRICKY_MOVES[move.name]:
        *begin, name, operand = part.split()
        left = known[begin[0]] if left is None else left
        result = compute(left, name, known[operand])
        texts.append(f"{left} {name} {known[operand]} = {result}")
        left = result
    return texts


def make_move(rng: random.Random, tricky_share: float = TRICKY_SHARE, shares: dict[str, float] = TRICKY_SHARES) -> Move:
    """One random move.

    Args:
        rng: Draws it.
        tricky_share: How often it is a tricky one.
        shares: How often each kind, among the tricky ones.
    """
    if rng.random() < tricky_share:
        [name] = rng.choices(list(shares), list(shares.values()))
        return Move(name, tuple(rng.randint(1, HOURS - 1) for _ in range(constants_of(name))))
    name = rng.choice(SIMPLE_MOVES)
    return Move(name, (rng.randint(2 if name == "times" else 1, HOURS - 1),))


def constants_of(name: str) -> int:
    """How many constants a move has."""
    return len({"a", "b", "c"} & set(" ".join(TRICKY_MOVES[name]).split())) if name in TRICKY_MOVES else 1


def make_chain(
    rng: random.Random,
    shortest: int = 3,
    longest: int = 5,
    tricky_share: float = TRICKY_SHARE,
    shares: dict[str, float] = TRICKY_SHARES,
) -> Chain:
    """One random chain of `shortest` to `longest` moves; the shares are those of `make_move`."""
    moves = tuple(make_move(rng, tricky_share, shares) for _ in range(rng.randint(shortest, longest)))
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
        move.name in (*SIMPLE_MOVES, *TRICKY_MOVES) and len(move.constants) == constants_of(move.name)
        for move in parsed
    )
    return chain if well_formed and chain.text == text.strip() else None


def make_problems(*, count: int, seed: int, split: str) -> list[Problem]:
    """`count` distinct problems; the same seed gives the same problems."""
    rng = random.Random(f"{split}/{seed}")
    return _collect(count, split, lambda: make_chain(rng))


def make_hard_problems(*, count: int, seed: int, split: str) -> list[Problem]:
    """As `make_problems`, for larger students: five moves each, most of them tricky."""
    rng = random.Random(f"hard/{split}/{seed}")
    return _collect(count, split, lambda: make_chain(rng, len(ORDINALS), len(ORDINALS), HARD_TRICKY_SHARE))


def _collect(count: int, split: str, draw: Callable[[], Chain]) -> list[Problem]:
    problems: dict[str, Problem] = {}
    while len(problems) < count:
        chain = draw()
        problem = Problem(
            problem_id=make_id("problem", chain.text),
            problem=chain.text,
            reference_solution=chain.reference_solution,
            reference_answer=str(chain.values[-1]),
            split=split,
            source="sandbox",
            topic=topic_of(chain),
            level=f"Level {len(chain.moves)}",
        )
        problems.setdefault(problem.problem_id, problem)
    return list(problems.values())


def topic_of(chain: Chain) -> str:
    """The rarest tricky move of a chain, which is the skill that it asks for."""
    kinds = [move.name for move in chain.moves if move.is_tricky]
    return min(kinds, key=lambda kind: (TRICKY_SHARES[kind], kind), default="simple moves")
