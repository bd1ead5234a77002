"""A teacher for any problem set, without a mind: it hands the reference solution back in the format asked for.

Good for trying prompts, problem sets, limits and costs on real problems before a real teacher is paid. Its thoughts
teach nothing that the reference solutions do not.
"""

from __future__ import annotations

from supercorrect.formats import render_steps, split_steps
from supercorrect.problems.answers import find_reference_answer
from supercorrect.sandbox.teacher import section

NOTHING_TO_ECHO = (
    "I only echo reference solutions, and find none between <reference_solution> and </reference_solution>."
)
CAUSE = "it does not lead to the right answer"


def echo(messages: list[dict[str, str]]) -> str:
    """The reply to a conversation: a thought, or a correction that faults the last step of the student's solution."""
    asked = [m["content"] for m in messages if section(m["content"], "reference_solution") is not None]
    if not asked:
        return NOTHING_TO_ECHO
    reference = section(asked[-1], "reference_solution") or ""
    answer = f"<Answer> {find_reference_answer(reference)} </Answer>"
    student_solution = section(asked[-1], "student_solution")
    if student_solution is None:
        steps = [line for line in map(str.strip, reference.splitlines()) if line]
        return f"{render_steps(steps)}\n<Generalized> as in the steps </Generalized>\n{answer}"
    steps = [span.text for span in split_steps(student_solution)]
    steps[-1:] = [f"{step} <Cause> {CAUSE} </Cause> <Correction> {reference} </Correction>" for step in steps[-1:]]
    return f"{render_steps(steps)}\n{answer}"
