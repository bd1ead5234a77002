"""What the teacher writes is accepted or refused with one reason; never on its word alone."""

from __future__ import annotations

import pytest

from supercorrect.grading import Grader
from supercorrect.records import Correction, Problem, Solution, Thought
from supercorrect.stages.corrections import read_corrections
from supercorrect.stages.thoughts import read_thoughts
from supercorrect.store import ResponseStatus, StoredResponse
from supercorrect.supervision import Refusal

PROBLEM = Problem(
    problem_id="p", problem="1+2+3?", reference_solution="6", reference_answer="6", split="hsft", source="test"
)
SOLUTION = Solution(
    solution_id="s",
    problem_id="p",
    student="hsft",
    sample_index=0,
    completion="<Step1> 1 + 2 = 3 </Step1>\n<Step2> 3 + 3 = 7 </Step2>\n<Answer> 7 </Answer>",
    completion_token_ids=(),
    finish_reason="stop",
)
THOUGHT = "<Step1> 1 + 2 = 3 </Step1><Step2> 3 + 3 = 6 </Step2><Generalized> add up </Generalized><Answer> 6 </Answer>"
FAULT = "<Cause> 7 is wrong </Cause> <Correction> 3 + 3 = 6 </Correction>"
TRACE = f"<Step1> 1 + 2 = 3 </Step1>\n<Step2> 3 + 3 = 7 {FAULT} </Step2>\n<Answer> 6 </Answer>"


def respond(text: str, status: ResponseStatus = "ok") -> StoredResponse:
    return StoredResponse(key="k", role="teacher", model="t", status=status, text=text)


def test_a_good_thought_is_kept_with_its_source() -> None:
    with Grader() as grader:
        thought = read_thoughts([(PROBLEM, respond(THOUGHT))], grader)[0]
    assert isinstance(thought, Thought)
    assert (thought.problem_id, thought.teacher, thought.request_key) == ("p", "t", "k")
    assert len(thought.thought.steps) == 2


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (THOUGHT, "truncated", "truncated"),
        (THOUGHT, "refused", "refused"),
        ("", "empty", "empty"),
        ("I cannot do that.", "ok", "no_steps"),
        (THOUGHT.replace("<Answer> 6 </Answer>", ""), "ok", "no_answer"),
        (THOUGHT.replace("<Generalized> add up </Generalized>", ""), "ok", "no_generalized"),
        (THOUGHT.replace("<Answer> 6", "<Answer> 7"), "ok", "answer_incorrect"),
        (THOUGHT.replace("add up", "as in the reference solution"), "ok", "mentions_reference"),
    ],
)
def test_a_bad_thought_is_refused_with_its_reason(text: str, status: ResponseStatus, reason: str) -> None:
    with Grader() as grader:
        outcome = read_thoughts([(PROBLEM, respond(text, status))], grader)[0]
    assert isinstance(outcome, Refusal)
    assert outcome.reason == reason


def test_a_good_trace_gives_the_first_wrong_step_its_cause_and_its_correction() -> None:
    with Grader() as grader:
        correction = read_corrections([(PROBLEM, SOLUTION, respond(TRACE))], grader)[0]
    assert isinstance(correction, Correction)
    assert (correction.first_error_step, correction.cause, correction.correction) == (2, "7 is wrong", "3 + 3 = 6")
    assert correction.corrected_answer == "6"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing to say", "no_steps"),
        (TRACE.replace(FAULT, ""), "no_error_found"),
        (TRACE.replace("1 + 2 = 3", "2 + 1 = 3"), "steps_not_restated"),
        (TRACE.replace("3 + 3 = 7", "3 + 3 = 8"), "steps_not_restated"),
        (TRACE.replace("<Cause> 7 is wrong </Cause>", ""), "no_cause"),
        (TRACE.replace("<Correction> 3 + 3 = 6 </Correction>", ""), "no_correction"),
        (TRACE.replace("<Answer> 6", "<Answer> 7"), "answer_incorrect"),
        (TRACE.replace("<Answer> 6 </Answer>", ""), "answer_"),
        (TRACE.replace("<Step1> 1 + 2 = 3 </Step1>\n", ""), "steps_not_restated"),
    ],
)
def test_a_bad_trace_is_refused_with_its_reason(text: str, reason: str) -> None:
    with Grader() as grader:
        outcome = read_corrections([(PROBLEM, SOLUTION, respond(text))], grader)[0]
    assert isinstance(outcome, Refusal)
    assert outcome.reason.startswith(reason)


def test_other_spacing_is_still_the_students_step() -> None:
    with Grader() as grader:
        text = TRACE.replace("1 + 2 = 3", "1  +  2 = 3")
        outcome = read_corrections([(PROBLEM, SOLUTION, respond(text))], grader)[0]
    assert isinstance(outcome, Correction)


def test_words_that_the_student_has_before_it_are_no_leak() -> None:
    """A mixture problem may well speak of a reference solution."""
    mixture = PROBLEM.model_copy(update={"problem": "A reference solution has 1+2+3 grams. How many?"})
    thought = THOUGHT.replace("1 + 2 = 3", "the reference solution has 1 + 2 = 3")
    with Grader() as grader:
        assert isinstance(read_thoughts([(mixture, respond(thought))], grader)[0], Thought)
        refused = read_thoughts([(PROBLEM, respond(thought))], grader)[0]
    assert isinstance(refused, Refusal)
    assert refused.reason == "mentions_reference"
