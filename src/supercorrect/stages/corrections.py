"""Corrections: the teacher, with the reference solution at hand, finds the first wrong step, its cause and its repair.

Only solutions graded `incorrect` are sent. A trace is accepted if the steps up to the first wrong one are the student's
own, cause and correction are there, and the corrected answer grades correct: never on the teacher's word alone.
"""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.formats import parse_correction, render_steps, split_steps
from supercorrect.grading import Grader
from supercorrect.models import ask_teacher
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Correction, ParsedCorrection, Problem, Rejection, Solution, Verdict, make_id
from supercorrect.run_folder import StageCounts
from supercorrect.store import StoredResponse


def run(context: StageContext, split: str) -> tuple[StageCounts, list[Path]]:
    """Write `data/corrections/<split>.jsonl`."""
    problems = {p.problem_id: p for p in context.folder.read(f"problems/{split}", Problem)}
    verdicts = {v.solution_id: v.status for v in context.folder.read(f"verdicts/{split}", Verdict)}
    solutions = context.folder.read(f"solutions/{split}", Solution)
    wrong = [s for s in solutions if verdicts[s.solution_id] == "incorrect"]
    sent = [s for s in wrong if split_steps(s.completion)]
    rejections = [
        Rejection(stage=context.stage, item_id=s.solution_id, reason="solution_without_steps")
        for s in wrong
        if not split_steps(s.completion)
    ]
    template = read_template(context.recipe.prompts.grounded_correction)
    responses, counts = ask_teacher(context, [_prompt(template, problems[s.problem_id], s) for s in sent])
    corrections: list[Correction] = []
    with Grader() as grader:
        for solution, response in zip(sent, responses, strict=True):
            outcome = read_correction(problems[solution.problem_id], solution, response, grader, stage=context.stage)
            (corrections if isinstance(outcome, Correction) else rejections).append(outcome)  # type: ignore[arg-type]
    outputs = [
        context.folder.write(f"corrections/{split}", corrections),
        context.folder.write_rejects(context.stage, rejections),
    ]
    return counts.with_rejections(len(wrong), rejections), outputs


def _prompt(template: str, problem: Problem, solution: Solution) -> str:
    return render_prompt(
        template,
        problem=problem.problem,
        reference_solution=problem.reference_solution,
        steps=render_steps([span.text for span in split_steps(solution.completion)]),
    )


def read_correction(
    problem: Problem, solution: Solution, response: StoredResponse, grader: Grader, *, stage: str
) -> Correction | Rejection:
    """Accept a trace, or say why not."""

    def reject(reason: str, detail: str = "") -> Rejection:
        return Rejection(stage=stage, item_id=solution.solution_id, reason=reason, detail=detail)

    if response.status != "ok":
        return reject(response.status, response.detail)
    parsed = parse_correction(response.text)
    if parsed.record is None:
        return reject(parsed.failure or "not_parsed", response.text[:200])
    step = parsed.record.first_error_step
    if step is None:
        return reject("no_error_found")
    if not restates(parsed.record, solution, step):
        return reject("steps_not_restated", f"steps 1 to {step} differ from the student's own")
    faulted = parsed.record.steps[step - 1]
    if not faulted.cause or not faulted.correction:
        return reject("no_cause" if not faulted.cause else "no_correction", f"step {step}")
    grade = grader.grade_answer(parsed.record.answer or "", problem.reference_answer)
    if grade.status != "correct":
        return reject(f"answer_{grade.status}", f"expected {problem.reference_answer}, got {parsed.record.answer}")
    return Correction(
        correction_id=make_id("correction", solution.solution_id, response.key),
        solution_id=solution.solution_id,
        problem_id=problem.problem_id,
        teacher=response.model,
        request_key=response.key,
        completion=response.text,
        first_error_step=step,
        cause=faulted.cause,
        correction=faulted.correction,
        corrected_answer=parsed.record.answer or "",
        repairs=parsed.repairs,
    )


def restates(trace: ParsedCorrection, solution: Solution, step: int) -> bool:
    """Whether the trace's steps up to `step` (1-based) are the student's own, spacing aside."""
    own = [" ".join(span.text.split()) for span in split_steps(solution.completion)][:step]
    restated = [" ".join(corrected.text.split()) for corrected in trace.steps][:step]
    return len(own) == step and own == restated
