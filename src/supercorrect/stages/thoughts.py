"""Thoughts: the teacher rewrites each reference solution as a hierarchical thought (D_sft of section 4.1)."""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.formats import parse_thought, render_thought
from supercorrect.grading import Grader
from supercorrect.models import ask_teacher
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Demonstration, Message, Problem, Rejection, Thought, make_id
from supercorrect.run_folder import StageCounts
from supercorrect.store import StoredResponse
from supercorrect.training.rendering import user_message


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Write `data/thoughts/hsft.jsonl` and the training set made of them, `data/hsft/train.jsonl`."""
    problems = context.folder.read("problems/hsft", Problem)
    template = read_template(context.recipe.prompts.thought_extraction)
    prompts = [render_prompt(template, problem=p.problem, reference_solution=p.reference_solution) for p in problems]
    responses, counts = ask_teacher(context, prompts)
    thoughts: list[Thought] = []
    rejections: list[Rejection] = []
    with Grader() as grader:
        for problem, response in zip(problems, responses, strict=True):
            outcome = read_thought(problem, response, grader, stage=context.stage)
            (thoughts if isinstance(outcome, Thought) else rejections).append(outcome)  # type: ignore[arg-type]
    by_id = {p.problem_id: p for p in problems}
    rows = [demonstrate(by_id[t.problem_id], t, context.recipe.prompts.hierarchical) for t in thoughts]
    outputs = [
        context.folder.write("thoughts/hsft", thoughts),
        context.folder.write("hsft/train", rows),
        context.folder.write_rejects(context.stage, rejections),
    ]
    return counts.with_rejections(len(problems), rejections), outputs


def read_thought(problem: Problem, response: StoredResponse, grader: Grader, *, stage: str) -> Thought | Rejection:
    """Accept a thought that parses, has a `<Generalized>`, and whose answer is the reference answer."""

    def reject(reason: str, detail: str = "") -> Rejection:
        return Rejection(stage=stage, item_id=problem.problem_id, reason=reason, detail=detail)

    if response.status != "ok":
        return reject(response.status, response.detail)
    parsed = parse_thought(response.text)
    if parsed.record is None:
        return reject(parsed.failure or "not_parsed", response.text[:200])
    if parsed.record.generalized is None:
        return reject("no_generalized")
    grade = grader.grade_answer(parsed.record.answer or "", problem.reference_answer)
    if grade.status != "correct":
        return reject(f"answer_{grade.status}", f"expected {problem.reference_answer}, got {parsed.record.answer}")
    return Thought(
        thought_id=make_id("thought", problem.problem_id, response.key),
        problem_id=problem.problem_id,
        teacher=response.model,
        request_key=response.key,
        completion=response.text,
        thought=parsed.record,
        repairs=parsed.repairs,
    )


def demonstrate(problem: Problem, thought: Thought, template: str) -> Demonstration:
    """The training row: the student's own prompt, and the thought in canonical form."""
    messages = (
        Message(role="user", content=user_message(template, problem=problem.problem)),
        Message(role="assistant", content=render_thought(thought.thought)),
    )
    return Demonstration(problem_id=problem.problem_id, thought_id=thought.thought_id, messages=messages)
