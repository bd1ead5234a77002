"""Grading as a recipe wants it, and its judge for what grading cannot decide."""

from __future__ import annotations

from collections.abc import Sequence

from supercorrect.config import GradingConfig
from supercorrect.context import StageContext
from supercorrect.grading import Grade, Grader, can_be_judged, judge_failed, read_judgement, render_judge_prompt
from supercorrect.models import ChatRequest, ask_endpoint
from supercorrect.run_folder import StageCounts


def open_grader(config: GradingConfig) -> Grader:
    """The grader of a recipe's `grading` section."""
    return Grader(config.task, config.policy, config.workers, config.timeout_seconds, config.memory_mb)


def grade_completions(context: StageContext, rows: Sequence[tuple[str, str, str]]) -> tuple[list[Grade], StageCounts]:
    """Grade what students wrote; the judge, where the recipe has one, is asked about all undecided rows together.

    Args:
        rows: Completion, reference answer and problem.

    Returns:
        The grades in order, and what the judge cost.
    """
    with open_grader(context.recipe.grading) as grader:
        grades = grader.grade_many((completion, reference) for completion, reference, _ in rows)
    undecided = [i for i, grade in enumerate(grades) if can_be_judged(grade)]
    judge = context.recipe.judge
    if judge is None or not undecided:
        return grades, StageCounts()
    prompts = [render_judge_prompt(grades[i].extracted or "", rows[i][1], rows[i][2]) for i in undecided]
    requests = [ChatRequest((("user", prompt),), judge.sampling) for prompt in prompts]
    replies, costs = ask_endpoint(context, "judge", judge, requests)
    for i, reply in zip(undecided, replies, strict=True):
        answered = reply.status == "ok"
        grades[i] = read_judgement(grades[i], reply.text) if answered else judge_failed(grades[i], reply.status)
    return grades, costs
