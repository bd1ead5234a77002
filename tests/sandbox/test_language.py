"""The problem family: arithmetic, text, and reading it back."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from supercorrect.sandbox.language import (
    HOURS,
    TRICKY_MOVES,
    TRICKY_SHARE,
    TRICKY_SHARES,
    Chain,
    Move,
    compute,
    constants_of,
    make_chain,
    make_hard_problems,
    make_problems,
    read_chain,
    small_moves,
    topic_of,
)


def test_values_by_hand() -> None:
    chain = Chain("Ann", 6, (Move("times", (4,)), Move("blend", (3, 5, 2)), Move("minus", (9,))))
    assert chain.values == (6, 11, 4, 8)  # 24 = 11; 3·121 + 5·11 + 2 = 420 = 4; 4 − 9 = −5 = 8
    assert chain.text == "Ann starts at 6; first times 4; second blend 3 5 2; third minus 9. Where does Ann end?"
    assert chain.step(1, with_key=True) == (
        "11 second blend 3 5 2 <Key> 3 times 11 = 7; 7 plus 5 = 12; 12 times 11 = 2; 2 plus 2 = 4 </Key> = 4"
    )
    assert chain.step(0, with_key=True) == chain.step(0, with_key=False) == "6 first times 4 = 11"


FORMULAS = {
    "blend": lambda v, a, b, c: a * v**2 + b * v + c,
    "bend": lambda v, a: v * v + a,
    "fold": lambda v, a, b: (v + a) * b,
    "spin": lambda v, a, b: v * a - b,
    "turn": lambda v, a, b: (v - a) * b,
}


@pytest.mark.parametrize("name", TRICKY_MOVES)
def test_tricky_moves_against_their_formulas(name: str) -> None:
    rng = random.Random(1)
    for _ in range(500):
        value, constants = rng.randrange(HOURS), tuple(rng.randint(1, 12) for _ in range(constants_of(name)))
        move = Move(name, constants)
        assert move.apply(value) == FORMULAS[name](value, *constants) % HOURS
        for text in small_moves(move, value):
            left, word, right, _, result = text.split()
            assert compute(int(left), word, int(right)) == int(result)


def test_every_kind_is_drawn_as_often_as_it_says() -> None:
    rng = random.Random(3)
    drawn = Counter(move.name for _ in range(4000) for move in make_chain(rng).moves)
    tricky = {name: drawn[name] / sum(drawn[kind] for kind in TRICKY_MOVES) for name in TRICKY_MOVES}
    assert sum(drawn[kind] for kind in TRICKY_MOVES) / drawn.total() == pytest.approx(TRICKY_SHARE, abs=0.02)
    assert tricky == pytest.approx(TRICKY_SHARES, abs=0.02)
    assert sum(TRICKY_SHARES.values()) == pytest.approx(1)


def test_topic_is_the_rarest_skill_and_level_the_length() -> None:
    moves = (Move("blend", (1, 2, 3)), Move("spin", (4, 5)), Move("plus", (6,)))
    assert topic_of(Chain("Ann", 1, moves)) == "spin"
    assert topic_of(Chain("Ann", 1, moves[2:])) == "simple moves"
    assert {p.level for p in make_problems(count=100, seed=1, split="x")} == {"Level 3", "Level 4", "Level 5"}


def test_a_problem_is_read_back_whole() -> None:
    rng = random.Random(2)
    for _ in range(300):
        chain = make_chain(rng, 1, 5)
        assert read_chain(chain.text) == chain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What is 2+2?",
        "Ann starts at 6. Where does Ann end?",
        "Ann starts at x; first plus 1. Where does Ann end?",
        "Ann starts at 6; first blend 3. Where does Ann end?",
        "Ann starts at 6; second plus 3. Where does Ann end?",
    ],
)
def test_what_is_no_problem_of_the_family(text: str) -> None:
    assert read_chain(text) is None


def test_problems_are_distinct_and_come_again_from_the_seed() -> None:
    problems = make_problems(count=300, seed=5, split="hsft")
    assert len({p.problem for p in problems}) == 300
    assert problems == make_problems(count=300, seed=5, split="hsft")
    assert problems[0] != make_problems(count=1, seed=6, split="hsft")[0]
    assert all(p.reference_solution.endswith(f"The answer is {p.reference_answer}.") for p in problems)


def test_hard_problems_have_five_moves_most_of_them_tricky() -> None:
    chains = [read_chain(p.problem) for p in make_hard_problems(count=200, seed=5, split="hsft")]
    moves = [move for chain in chains if chain for move in chain.moves]
    assert len(moves) == 5 * 200
    assert 0.7 < sum(move.is_tricky for move in moves) / len(moves) < 0.9
