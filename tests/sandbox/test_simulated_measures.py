"""Simulated figures against solutions whose first error was put there."""

from __future__ import annotations

import random

import pytest

from supercorrect.formats import render_steps
from supercorrect.sandbox.language import Chain, Move, make_chain
from supercorrect.sandbox.measures import ERROR_KINDS, classify_first_error, read_steps, simulate, simulate_one

CHAIN = Chain("Ann", 6, (Move("times", (4,)), Move("blend", (3, 5, 2)), Move("plus", (9,))))
RIGHT = [CHAIN.step(index, with_key=True) for index in range(3)]


def test_a_right_solution_has_no_first_error_in_tags_or_in_plain_words() -> None:
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)
    rng = random.Random(seed)
    chains = [make_chain(rng) for _ in range(50)]
    tagged = [render_steps([c.step(i, with_key=True) for i in range(len(c.moves))]) for c in chains]
    plain = [chain.reference_solution for chain in chains]
    tricky = sum(move.is_tricky for chain in chains for move in chain.moves)
    for completions, keyed in ((tagged, tricky), (plain, 0)):
        figures = simulate(chains, completions)
        assert (figures.n, figures.whole, figures.tricky_steps, figures.keyed_steps) == (50, 50, tricky, keyed)
        assert not figures.first_errors


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("wrong_simple_move", ["6 first times 4 = 12", *RIGHT[1:]]),
        ("miscopied_head", ["7 first times 4 = 2", *RIGHT[1:]]),
        ("miscopied_head", [RIGHT[0], RIGHT[1].replace("blend 3 5 2", "blend 3 5 4"), RIGHT[2]]),
        ("no_key", [RIGHT[0], f"{CHAIN.step_head(1, 11)} = 12", RIGHT[2]]),
        ("slip_in_key", [RIGHT[0], RIGHT[1].replace("<Key> 3 times 11 = 7", "<Key> 3 times 11 = 8"), RIGHT[2]]),
        ("slip_in_key", [RIGHT[0], f"{RIGHT[1].rpartition(' ')[0]} 99", RIGHT[2]]),
        ("missing_step", RIGHT[:2]),
        ("missing_step", []),
    ],
)
def test_the_kind_of_the_first_error(kind: str, steps: list[str]) -> None:
    assert kind in ERROR_KINDS
    assert classify_first_error(CHAIN, steps) == kind
    assert simulate_one(CHAIN, steps).whole == 0


def test_a_step_too_many_is_no_whole_solution() -> None:
    figures = simulate_one(CHAIN, [*RIGHT, "3 fourth plus 1 = 4"])
    assert figures.whole == 0
    assert not figures.first_errors


def test_a_text_without_steps_is_read_as_none() -> None:
    assert read_steps("I do not know.") == []
