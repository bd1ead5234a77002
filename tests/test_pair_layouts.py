"""Pairs over random tokenizers, problems and steps: what is trained on is what was sampled, and boundaries stay."""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from random_tokenizers import random_steps, random_tokenizer
from supercorrect.config import PromptsConfig
from supercorrect.formats import close_step, open_step, parse_thought, render_correction, render_step_review
from supercorrect.pair_layouts import OPEN_FAULT, Lesson, PairLayouts, Sides
from supercorrect.records import CorrectedStep, Correction, OwnCorrection, ParsedCorrection, Problem, Solution
from supercorrect.reviewing import as_written, review_prompt
from supercorrect.training.rendering import chat_prompt_ids, decode_tokens, end_of_turn_id, text_ids, user_message

ROUNDS = 40
PROMPTS = PromptsConfig()


def draw_lesson(rng: random.Random, tokenizer: Any) -> Lesson:
    """A wrong solution as it would be sampled, the teacher's trace of it, and the student's review of the step."""
    steps = random_steps(rng, rng.randint(1, 5))
    wrong = rng.randint(1, len(steps))
    separator = rng.choice(["\n", "\n\n", " ", ""])
    body = separator.join(open_step(k, text) + close_step(k) for k, text in enumerate(steps, 1))
    text = f"{body}{separator}<Generalized> go on </Generalized>{separator}<Answer> 8 </Answer>"
    cause, correction = random_steps(rng, 2)
    trace = ParsedCorrection(
        steps=tuple(
            CorrectedStep(text=s, cause=cause, correction=correction) if k == wrong else CorrectedStep(text=s)
            for k, s in enumerate(steps, 1)
        ),
        answer="9",
        first_error_step=wrong,
    )
    ids = (*text_ids(tokenizer, text), end_of_turn_id(tokenizer))
    links = {"problem_id": "p", "solution_id": "s"}
    return Lesson(
        Problem(
            problem_id="p",
            problem=" ".join(random_steps(rng, 1)),
            reference_solution="9",
            reference_answer="9",
            split="errors",
            source="x",
        ),
        Solution(
            **links, student="hsft", sample_index=0, completion=text, completion_token_ids=ids, finish_reason="stop"
        ),
        Correction(
            **links,
            correction_id="c",
            teacher="t",
            request_key="k",
            completion=render_correction(trace),
            first_error_step=wrong,
            cause=cause,
            correction=correction,
            corrected_answer="9",
        ),
        draw_review(rng, tokenizer, wrong),
    )


def draw_review(rng: random.Random, tokenizer: Any, step: int) -> OwnCorrection:
    cause, *rest = random_steps(rng, rng.randint(1, 3))
    text = rng.choice([close_step(step), render_step_review(step, cause, cause), f" {cause}", ""]) + " ".join(rest)
    ids = (*text_ids(tokenizer, text), end_of_turn_id(tokenizer))
    return OwnCorrection(
        own_correction_id="o",
        correction_id="c",
        solution_id="s",
        problem_id="p",
        step=step,
        completion=text,
        completion_token_ids=ids,
        cause=None,
        correction=None,
    )


@pytest.fixture(scope="module", params=range(ROUNDS))
def drawn(request: pytest.FixtureRequest) -> tuple[Any, Lesson, PairLayouts]:
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    rng = random.Random(seed)
    tokenizer = random_tokenizer(rng)
    student: Any = SimpleNamespace(tokenizer=tokenizer)
    return tokenizer, draw_lesson(rng, tokenizer), PairLayouts(student, "hsft", PROMPTS)


@pytest.mark.parametrize("layout", ["continuation", "inline", "solution"])
def test_context_and_rejected_side_are_the_sampled_tokens(drawn: tuple[Any, Lesson, PairLayouts], layout: Any) -> None:
    tokenizer, lesson, layouts = drawn
    sides = layouts.build(layout, lesson)
    if not isinstance(sides, Sides):  # a token that crosses the boundary: no pair, rather than another tokenisation
        assert sides in ("no_token_boundary", "same_tokens")
        return
    asked = chat_prompt_ids(tokenizer, user_message(PROMPTS.hierarchical, problem=lesson.problem.problem))
    sampled = asked + list(lesson.solution.completion_token_ids)
    assert sampled[: len(sides.prompt) + len(sides.rejected)] == sides.prompt + sides.rejected
    ends = [end_of_turn_id(tokenizer) in side for side in (sides.chosen, sides.rejected)]
    assert ends == [layout == "solution"] * 2


def test_the_chosen_step_stands_where_the_wrong_one_began(drawn: tuple[Any, Lesson, PairLayouts]) -> None:
    tokenizer, lesson, layouts = drawn
    sides = layouts.build("continuation", lesson)
    if not isinstance(sides, Sides):
        return
    asked = chat_prompt_ids(tokenizer, user_message(PROMPTS.hierarchical, problem=lesson.problem.problem))
    prefix = decode_tokens(tokenizer, sides.prompt[len(asked) :])
    text = lesson.solution.completion
    step = lesson.correction.first_error_step
    begins = text.index(f"<Step{step}>")
    assert text[:begins].rstrip() == prefix.rstrip()
    chosen = decode_tokens(tokenizer, sides.chosen)
    assert prefix + chosen == text[:begins] + open_step(step, lesson.correction.correction) + close_step(step)


def test_a_review_is_asked_as_at_evaluation_and_ends_at_a_tag(drawn: tuple[Any, Lesson, PairLayouts]) -> None:
    tokenizer, lesson, layouts = drawn
    student: Any = SimpleNamespace(tokenizer=tokenizer)
    assert lesson.own is not None
    for layout in ("correction", "right_step", "wrong_step"):
        sides = layouts.build(layout, lesson)  # type: ignore[arg-type]
        if not isinstance(sides, Sides):
            assert sides in ("student_was_right", "student_wrote_nothing")
            continue
        assert sides.prompt == review_prompt(
            student,
            PROMPTS.correction,
            as_written(student, "hsft", lesson.problem.problem, lesson.solution),
            lesson.own.step,
        )
        own = list(lesson.own.completion_token_ids)
        begun_alarm = layout == "right_step" and sides.rejected == text_ids(tokenizer, OPEN_FAULT)
        assert begun_alarm or own[: len(sides.rejected)] == sides.rejected
        assert end_of_turn_id(tokenizer) not in sides.chosen + sides.rejected


def test_faulting_a_wrong_step_and_leaving_a_right_one_are_one_decision(
    drawn: tuple[Any, Lesson, PairLayouts],
) -> None:
    tokenizer, lesson, layouts = drawn
    assert lesson.own is not None
    fault, leave = text_ids(tokenizer, OPEN_FAULT), text_ids(tokenizer, close_step(lesson.own.step))
    let_stand = lesson.own.cause is None and lesson.own.correction is None
    faulting = layouts.build("wrong_step", lesson)
    if isinstance(faulting, Sides):
        assert let_stand
        assert faulting.chosen == fault
    elif not let_stand:
        assert faulting == "student_was_right"
    leaving = layouts.build("right_step", lesson)
    if isinstance(leaving, Sides):
        assert leaving.chosen == leave
        assert leaving.rejected != leave


def test_a_whole_corrected_solution_keeps_the_right_steps_and_has_the_right_answer(
    drawn: tuple[Any, Lesson, PairLayouts],
) -> None:
    tokenizer, lesson, layouts = drawn
    sides = layouts.build("solution", lesson)
    assert isinstance(sides, Sides)
    thought = parse_thought(decode_tokens(tokenizer, sides.chosen)).record
    own = parse_thought(lesson.solution.completion).record
    assert thought is not None
    assert own is not None
    step = lesson.correction.first_error_step
    assert thought.answer == "9"
    assert [s.text for s in thought.steps[: step - 1]] == [s.text for s in own.steps[: step - 1]]
    assert thought.generalized == own.generalized == "go on"


def test_a_solution_that_was_cut_off_makes_no_whole_pair(drawn: tuple[Any, Lesson, PairLayouts]) -> None:
    _, lesson, layouts = drawn
    cut = lesson.solution.model_copy(update={"completion_token_ids": lesson.solution.completion_token_ids[:-1]})
    assert layouts.build("solution", Lesson(lesson.problem, cut, lesson.correction)) == "solution_not_ended"


def test_what_another_student_wrote_gets_the_tokens_of_this_one(drawn: tuple[Any, Lesson, PairLayouts]) -> None:
    _, lesson, layouts = drawn
    foreign = lesson.solution.model_copy(update={"student": "peer", "completion_token_ids": (1, 2, 3)})
    theirs = replace(lesson, solution=foreign)
    for layout in ("continuation", "inline", "solution"):
        assert layouts.build(layout, theirs) == layouts.build(layout, lesson)  # type: ignore[arg-type]
