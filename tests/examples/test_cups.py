"""The tutorial's own domain: its problems are right, its teacher is accepted, and a student can read all of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cups import CUPS as COLOURS
from cups import make_problems
from small_runs import REPOSITORY
from student import example, vocabulary
from supercorrect.config import load_recipe
from supercorrect.grading import Grader
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Correction, Problem, Solution, Thought
from supercorrect.sandbox.tokenizer import UNKNOWN, build_tokenizer
from supercorrect.stages.corrections import assign, read_corrections
from supercorrect.stages.thoughts import read_thoughts
from supercorrect.store import StoredResponse
from teacher import reply

CUPS = REPOSITORY / "examples" / "cups"
PROBLEMS = make_problems(count=20, seed=3, split="errors")


def response(prompt: str) -> StoredResponse:
    """The teacher's reply, as it stands in the store."""
    text = reply([{"role": "user", "content": prompt}])
    return StoredResponse(key=prompt[:40], role="teacher", model="cup-teacher", status="ok", text=text)


def solution(problem: Problem, wrong_step: int) -> Solution:
    """A solution that goes wrong at one step (1-based), and carries on from there."""
    words = problem.reference_solution.splitlines()
    wrong = next(colour for colour in COLOURS if colour != words[wrong_step - 1].split()[-1])
    words[wrong_step - 1] = f"{words[wrong_step - 1].rpartition(' ')[0]} {wrong}"
    text = (
        "\n".join(f"<Step{k}> {step} </Step{k}>" for k, step in enumerate(words, 1)) + f"\n<Answer> {wrong} </Answer>"
    )
    ids = {"solution_id": "s", "problem_id": problem.problem_id, "student": "base", "sample_index": 0}
    return Solution(**ids, completion=text, completion_token_ids=(), finish_reason="stop")


def test_problems_are_right_and_come_again() -> None:
    assert make_problems(count=20, seed=3, split="errors") == PROBLEMS
    for problem in PROBLEMS:
        place, swaps = problem.problem.split()[4], problem.problem.split("Swap ")[1:]
        for swap in swaps:
            one, _, other = swap.split()[:3]
            place = other if place == one else one if place == other else place
        assert problem.reference_answer == place
        assert problem.reference_solution.endswith(place)


def test_the_teacher_is_accepted_as_any_other() -> None:
    thinking, correcting = read_template("thought_extraction"), read_template("grounded_correction")
    with Grader("exact") as grader:
        for number, problem in enumerate(PROBLEMS):
            asked = render_prompt(thinking, problem=problem.problem, reference_solution=problem.reference_solution)
            thought = read_thoughts([(problem, response(asked))], grader)[0]
            assert isinstance(thought, Thought)
            step = 1 + number % 3
            wrong = solution(problem, step)
            asked = assign(correcting, problem, wrong).prompt
            correction = read_corrections([(problem, wrong, response(asked))], grader)[0]
            assert isinstance(correction, Correction)
            assert correction.first_error_step == step
            assert correction.correction == problem.reference_solution.splitlines()[step - 1]


def test_the_student_has_a_word_for_everything() -> None:
    tokenizer = build_tokenizer(vocabulary())
    _, labels = example(tokenizer, random.Random(0))
    assert tokenizer.decode([token for token in labels if token >= 0]).startswith("<Step1> Swap")
    for problem in PROBLEMS:
        asked = render_prompt(read_template("thought_extraction"), problem=problem.problem, reference_solution="")
        for text in (f"Solve {problem.problem}", reply([{"role": "user", "content": asked}])):
            assert UNKNOWN not in tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
            assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_recipe_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe(CUPS / "recipe.yaml")
    assert recipe.grading.task == "exact"
    monkeypatch.chdir(CUPS)
    assert all(Path(path).is_file() for path in (recipe.prompts.hierarchical, recipe.prompts.correction))
