"""The oracle reads the prompts that any teacher reads, and answers in the formats that any teacher is asked for."""

from __future__ import annotations

import random

import pytest

from supercorrect.formats import parse_correction, parse_thought, render_steps
from supercorrect.prompts import read_template, render_prompt
from supercorrect.sandbox.language import TRICKY_MOVES, Chain, Move, make_chain, make_problems
from supercorrect.sandbox.pretraining import slipped_steps
from supercorrect.sandbox.teacher import REFUSAL, answer
from supercorrect.sandbox.tokenizer import vocabulary

CHAIN = Chain("Ann", 6, (Move("times", (4,)), Move("blend", (3, 5, 2)), Move("minus", (9,))))


def ask(template: str, **values: str) -> str:
    return answer([{"role": "user", "content": render_prompt(read_template(template), **values)}])


def correct(chain: Chain, steps: list[str]) -> str:
    return ask(
        "grounded_correction",
        problem=chain.text,
        reference_solution=chain.reference_solution,
        steps=render_steps(steps),
    )


def test_thoughts_are_whole_and_right() -> None:
    keys = tricky = 0
    for problem in make_problems(count=200, seed=0, split="hsft"):
        text = ask("thought_extraction", problem=problem.problem, reference_solution=problem.reference_solution)
        parsed = parse_thought(text)
        assert parsed.repairs == ()
        assert parsed.record is not None
        assert parsed.record.generalized
        assert parsed.record.answer == problem.reference_answer
        keys += sum(bool(step.keys) for step in parsed.record.steps)
        tricky += sum(step.text.split()[2] in TRICKY_MOVES for step in parsed.record.steps)
    assert 0.3 < keys / tricky < 0.7  # the teacher writes the key to about half of the tricky moves


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("11 second blend 3 5 2 = 9", "blend without its parts"),
        ("10 second blend 3 5 2 = 4", "should be 11 second blend 3 5 2"),
        (
            "11 second blend 3 5 2 <Key> 3 times 11 = 8; 8 plus 5 = 0; 0 times 11 = 0; 0 plus 2 = 2 </Key> = 2",
            "3 times 11 = 8 is wrong",
        ),
        (CHAIN.step(1, with_key=True)[:-1] + "5", "5 is wrong"),
    ],
)
def test_causes(wrong: str, cause: str) -> None:
    trace = parse_correction(correct(CHAIN, ["6 first times 4 = 11", wrong, "9 third minus 9 = 0"])).record
    assert trace is not None
    assert trace.first_error_step == 2
    assert trace.steps[1].cause == cause
    assert trace.steps[1].correction == CHAIN.step(1, with_key=True)
    assert trace.steps[2].cause is not None  # wrong too: it builds on a wrong step
    assert trace.answer == "8"


def test_first_errors_are_found_where_they_were_made() -> None:
    rng = random.Random(11)
    for _ in range(300):
        chain = make_chain(rng)
        slip = rng.randrange(len(chain.moves))
        trace = parse_correction(correct(chain, slipped_steps(chain, slip, rng, key_share=0.5))).record
        assert trace is not None
        assert trace.first_error_step == slip + 1
        assert trace.answer == str(chain.values[-1])


def test_no_student_text_makes_the_oracle_fail() -> None:
    rng = random.Random(12)
    words = " ".join(vocabulary()).split()
    for _ in range(500):
        chain = make_chain(rng)
        head = chain.step_head(0, chain.start)
        steps = [f"{head} {' '.join(rng.choices(words, k=rng.randint(1, 12)))}" for _ in range(rng.randint(1, 7))]
        assert parse_correction(correct(chain, steps)).record is not None


def test_a_right_solution_has_no_error() -> None:
    trace = parse_correction(correct(CHAIN, slipped_steps(CHAIN, None, random.Random(0), 0.5))).record
    assert trace is not None
    assert trace.first_error_step is None


def test_other_problems_are_refused() -> None:
    assert ask("thought_extraction", problem="What is 2+2?", reference_solution="4") == REFUSAL
