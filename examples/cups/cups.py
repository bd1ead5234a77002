"""The cup game, a domain of our own: a ball under one of five cups, cups are swapped, where is the ball?

What SuperCorrect wants of a domain is here: problems with a reference solution and an answer that can be checked. The
recipe names `make_problems`; run as a script, this file writes the same problems as JSON lines.
"""

from __future__ import annotations

import json
import random
import re
import sys
from dataclasses import dataclass

from supercorrect.records import Problem, make_id

CUPS = ("red", "blue", "green", "white", "black")
SHORTEST, LONGEST = 3, 6
_PROBLEM = re.compile(r"The ball is under (?P<start>\w+) \. (?P<swaps>.*)Where is the ball \?")
_SWAP = re.compile(r"Swap (\w+) and (\w+) \.")


@dataclass(frozen=True)
class Game:
    """Where the ball starts, and which cups change places."""

    start: str
    swaps: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The problem, as the student reads it."""
        swaps = "".join(f"Swap {one} and {other} . " for one, other in self.swaps)
        return f"The ball is under {self.start} . {swaps}Where is the ball ?"

    @property
    def places(self) -> list[str]:
        """Where the ball is at first, and after each swap."""
        places = [self.start]
        for one, other in self.swaps:
            places.append({one: other, other: one}.get(places[-1], places[-1]))
        return places

    @property
    def steps(self) -> list[str]:
        """The solution: a line a swap."""
        return [
            f"Swap {one} and {other} so it is under {place}"
            for (one, other), place in zip(self.swaps, self.places[1:], strict=True)
        ]

    @property
    def answer(self) -> str:
        """Where the ball is in the end."""
        return self.places[-1]


def read_game(text: str) -> Game | None:
    """The game that a text holds; None: there is none in it."""
    found = _PROBLEM.search(text)
    return Game(found["start"], tuple(_SWAP.findall(found["swaps"]))) if found else None


def make_game(rng: random.Random, shortest: int = SHORTEST, longest: int = LONGEST) -> Game:
    """A game of so many swaps. Half of them move the ball, else most would be easy."""
    start = place = rng.choice(CUPS)
    swaps: list[tuple[str, str]] = []
    for _ in range(rng.randint(shortest, longest)):
        other = rng.choice([cup for cup in CUPS if cup != place])
        if rng.random() < 0.5:
            swaps.append((place, other) if rng.random() < 0.5 else (other, place))
            place = other
        else:
            first, second = rng.sample([cup for cup in CUPS if cup != place], 2)
            swaps.append((first, second))
    return Game(start, tuple(swaps))


def make_problems(*, count: int, seed: int, split: str) -> list[Problem]:
    """`count` different problems, as a recipe's `make` wants them; the same seed gives the same ones."""
    rng = random.Random(f"{split}/{seed}")
    games: dict[str, Game] = {}
    while len(games) < count:
        game = make_game(rng)
        games.setdefault(game.text, game)
    return [
        Problem(
            problem_id=make_id("problem", text),
            problem=text,
            reference_solution="\n".join(game.steps),
            reference_answer=game.answer,
            split=split,
            source="cups",
            topic="cups",
            level=f"Level {len(game.swaps)}",
        )
        for text, game in games.items()
    ]


if __name__ == "__main__":
    split, count = sys.argv[1], int(sys.argv[2])
    for problem in make_problems(count=count, seed=0, split=split):
        row = {"problem": problem.problem, "reference_solution": problem.reference_solution}
        sys.stdout.write(json.dumps(row | {"reference_answer": problem.reference_answer}) + "\n")
