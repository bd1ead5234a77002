"""Corrections: the teacher, with the reference solution at hand, finds the first wrong step, its cause and its repair.

Only solutions graded `incorrect` are sent, near-identical ones once. A trace is accepted if the steps up to the first
wrong one are the student's own, cause and correction are there, and the corrected answer grades correct: never on the
teacher's word alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.context import StageContext
from supercorrect.error_selection import choose_errors
from supercorrect.formats import ParseResult, parse_correction, render_steps, split_steps
from supercorrect.grading import Grader
from supercorrect.judging import open_grader
from supercorrect.manifest import StageCounts
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Correction, ParsedCorrection, Problem, Solution, Verdict, make_id
from supercorrect.store import StoredResponse
from supercorrect.supervision import (
    Assignment,
    Reader,
    Refusal,
    Supervised,
    grade_replies,
    refuse_answer,
    refuse_reply,
    supervise,
)


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/corrections/<errors>.jsonl`."""
    problems = {p.problem_id: p for p in context.folder.read(f"problems/{errors.split}", Problem)}
    verdicts = {v.solution_id: v for v in context.folder.read(f"verdicts/{errors.name}", Verdict)}
    solutions = context.folder.read(f"solutions/{errors.name}", Solution)
    wrong = [s for s in solutions if verdicts[s.solution_id].status == "incorrect"]
    cap = context.recipe.solutions.max_wrong_per_problem
    sent, rejections = choose_errors(wrong, verdicts, cap, stage=context.stage)
    template = read_template(context.recipe.prompts.grounded_correction)
    assignments = [assign(template, problems[s.problem_id], s) for s in sent]
    with open_grader(context.recipe.grading) as grader:

        def read(replies: Sequence[tuple[int, StoredResponse]]) -> list[Correction | Refusal]:
            return read_corrections([(assignments[i].problem, sent[i], reply) for i, reply in replies], grader)

        supervised = ask(context, assignments, read)
    rejections += supervised.rejections(context.stage, assignments)
    outputs = [
        context.folder.write(f"corrections/{errors.name}", [c for _, c in sorted(supervised.accepted.items())]),
        context.folder.write(f"attempts/{context.stage}", supervised.attempts),
        context.folder.write_rejects(context.stage, rejections),
    ]
    return supervised.costs.with_rejections(len(wrong), rejections), outputs


def assign(template: str, problem: Problem, solution: Solution) -> Assignment:
    """What a teacher is asked about one wrong solution."""
    steps = render_steps([span.text for span in split_steps(solution.completion)])
    prompt = render_prompt(
        template, problem=problem.problem, reference_solution=problem.reference_solution, steps=steps
    )
    return Assignment(solution.solution_id, prompt, problem, steps)


def ask(context: StageContext, assignments: Sequence[Assignment], read: Reader[Correction]) -> Supervised[Correction]:
    """Ask the teachers: one after the other, or, where several have to agree, each of them about everything."""
    needed = context.recipe.agreement
    if needed == 1:
        return supervise(context, assignments, read)
    alone = [supervise(context, assignments, read, [teacher]) for teacher in context.recipe.teachers]
    return keep_agreed(alone, len(assignments), needed)


def keep_agreed(alone: Sequence[Supervised[Correction]], count: int, needed: int) -> Supervised[Correction]:
    """What at least `needed` teachers say of the first wrong step; the first of them has the word.

    Args:
        alone: What each teacher did by itself.
        count: How many assignments there were.
    """
    agreed: Supervised[Correction] = Supervised()
    for one in alone:
        agreed.attempts += one.attempts
        agreed.costs = agreed.costs.plus(one.costs)
    for i in range(count):
        said = [one.accepted[i] for one in alone if i in one.accepted]
        steps = Counter(correction.first_error_step for correction in said)
        step, votes = steps.most_common(1)[0] if steps else (0, 0)
        if votes >= needed:
            agreed.accepted[i] = next(c for c in said if c.first_error_step == step)
        elif said:
            agreed.refused[i] = Refusal("teachers_disagree", f"first wrong step by votes: {dict(steps)}")
        else:
            agreed.refused[i] = alone[-1].refused[i]
    return agreed


def read_corrections(
    replies: Sequence[tuple[Problem, Solution, StoredResponse]], grader: Grader
) -> list[Correction | Refusal]:
    """Accept traces, or say why not."""
    parsed = [parse_correction(reply.text) for *_, reply in replies]
    grades = grade_replies(grader, parsed, [problem for problem, *_ in replies])
    return [
        refuse_reply(reply, trace, f"{problem.problem} {solution.completion}")
        or _refuse_trace(trace, solution)
        or refuse_answer(grade, problem)
        or _correction(trace, solution, reply)
        for (problem, solution, reply), trace, grade in zip(replies, parsed, grades, strict=True)
    ]


def _refuse_trace(parsed: ParseResult[ParsedCorrection], solution: Solution) -> Refusal | None:
    trace = parsed.record
    step = trace.first_error_step if trace else None
    if trace is None or step is None:
        return Refusal("no_error_found", remark="the student's final answer is wrong, so a step is; fault the first")
    if not restates(trace, solution, step):
        return Refusal("steps_not_restated", f"restate steps 1 to {step} in the student's own words, each as one step")
    faulted = trace.steps[step - 1]
    if not faulted.cause or not faulted.correction:
        missing = "cause" if not faulted.cause else "correction"
        return Refusal(f"no_{missing}", f"step {step}", f"step {step} is faulted without a <{missing.capitalize()}>")
    return None


def restates(trace: ParsedCorrection, solution: Solution, step: int) -> bool:
    """Whether the trace's steps up to `step` (1-based) are the student's own, spacing aside."""
    own = [" ".join(span.text.split()) for span in split_steps(solution.completion)][:step]
    restated = [" ".join(corrected.text.split()) for corrected in trace.steps][:step]
    return len(own) == step and own == restated


def _correction(parsed: ParseResult[ParsedCorrection], solution: Solution, reply: StoredResponse) -> Correction:
    trace = parsed.record
    assert trace is not None and trace.first_error_step is not None
    faulted = trace.steps[trace.first_error_step - 1]
    return Correction(
        correction_id=make_id("correction", solution.solution_id, reply.key),
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        teacher=reply.model,
        request_key=reply.key,
        completion=reply.text,
        first_error_step=trace.first_error_step,
        cause=faulted.cause or "",
        correction=faulted.correction or "",
        corrected_answer=trace.answer or "",
        repairs=parsed.repairs,
    )
