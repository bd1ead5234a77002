"""The oracle as an inspector: it checks a teacher's work by doing the sums itself, and may err at stated rates."""

from __future__ import annotations

from supercorrect.formats import parse_correction, parse_thought, split_steps
from supercorrect.sandbox.language import Chain, read_chain
from supercorrect.sandbox.mistakes import Mistakes
from supercorrect.sandbox.teacher import FLAWLESS, find_first_error, is_right, section

REFUSAL = "I only inspect work on sandbox problems, and I find none between <problem> and </problem>."


def inspect(messages: list[dict[str, str]], mistakes: Mistakes = FLAWLESS) -> str:
    """The inspector's reply to the last message."""
    prompt = messages[-1]["content"]
    chain, work = read_chain(section(prompt, "problem") or ""), section(prompt, "teacher_work")
    if chain is None or work is None:
        return REFUSAL
    student_solution = section(prompt, "student_solution")
    fault = find_fault(chain, work) if student_solution is None else find_misjudgement(chain, student_solution, work)
    about = f"{chain.text}/{work}"
    if fault is None and mistakes.makes("false_alarm", about):
        fault = "something is not right"
    elif fault is not None and mistakes.makes("overlooked", about):
        fault = None
    return (
        "<Verdict> accept </Verdict>" if fault is None else f"<Verdict> revise </Verdict>\n<Remarks> {fault} </Remarks>"
    )


def find_fault(chain: Chain, work: str) -> str | None:
    """What is wrong with a thought; None: nothing."""
    thought = parse_thought(work).record
    steps = thought.steps if thought else ()
    if len(steps) != len(chain.moves):
        return f"{len(chain.moves)} steps are needed"
    wrong = [index for index, step in enumerate(steps) if not is_right(chain, index, step.text)]
    return f"step {wrong[0] + 1} is wrong" if wrong else None


def find_misjudgement(chain: Chain, student_solution: str, work: str) -> str | None:
    """What is wrong with a correction trace; None: nothing."""
    trace = parse_correction(work).record
    first = find_first_error(chain, [span.text for span in split_steps(student_solution)])
    if trace is None or first is None:
        return None
    if trace.first_error_step != first:
        return f"the first wrong step is step {first}"
    correction = trace.steps[first - 1].correction
    return None if correction and is_right(chain, first - 1, correction) else f"the correction of step {first} is wrong"
