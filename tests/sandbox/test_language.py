"""The problem family: arithmetic, text, and reading it back."""

from __future__ import annotations

import random

import pytest

from supercorrect.sandbox.language import HOURS, Chain, Move, make_chain, make_problems, read_chain, small_moves


def test_values_by_hand() -> None:
    chain = Chain("Ann", 6, (Move("times", (4,)), Move("blend", (3, 5, 2)), Move("minus", (9,))))
    assert chain.values == (6, 11, 4, 8)  # 24 = 11; 3·121 + 5·11 + 2 = 420 = 4; 4 − 9 = −5 = 8
    assert chain.text == "Ann starts at 6; first times 4; second blend 3 5 2; third minus 9. Where does Ann end?"
    assert chain.step(1, with_key=True) == (
        "11 second blend 3 5 2 <Key> 3 times 11 = 7; 7 plus 5 = 12; 12 times 11 = 2; 2 plus 2 = 4 </Key> = 4"
    )
    assert chain.step(0, with_key=True) == chain.step(0, with_key=False) == "6 first times 4 = 11"


def test_small_moves_end_where_the_blend_ends() -> None:
    rng = random.Random(1)
    for _ in range(500):
        move, value = Move("blend", tuple(rng.randint(1, 12) for _ in range(3))), rng.randrange(HOURS)
        assert small_moves(move, value)[-1].endswith(f"= {move.apply(value)}")


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
