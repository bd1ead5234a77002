"""Grading as a recipe wants it, and its judge for what grading cannot decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice, tee

from supercorrect.config import GradingConfig
from supercorrect.context import StageContext
from supercorrect.grading import Grade, Grader, can_be_judged, judge_failed, read_judgement, render_judge_prompt
from supercorrect.manifest import StageCounts
from supercorrect.models import ChatRequest, ask_endpoint

ROWS_TOGETHER = 200
"""So many completions go to a node of a cluster at once."""


def open_grader(config: GradingConfig) -> Grader:
    """The grader of a recipe's `grading` section."""
    return Grader(config.task, config.policy, config.workers, config.timeout_seconds, config.memory_mb)


def grade_completions(context: StageContext, rows: Iterable[tuple[str, str, str]]) -> tuple[list[Grade], StageCounts]:
    """Grade what students wrote; the judge, where the recipe has one, is asked about all undecided rows together.

    Args:
        rows: Completion, reference answer and problem; read once, and only what the judge is asked is kept.

    Returns:
        The grades in order, and what the judge cost.
    """
    judge = context.recipe.judge
    graded, asked = tee(rows)
    grades: list[Grade] = []
    prompts: dict[int, str] = {}
    stream = _grade_stream(context, ((completion, reference) for completion, reference, _ in graded))
    for i, (grade, (_, reference, problem)) in enumerate(zip(stream, asked, strict=True)):
        grades.append(grade)
        if judge is not None and can_be_judged(grade):
            prompts[i] = render_judge_prompt(grade.extracted or "", reference, problem)
    if judge is None or not prompts:
        return grades, StageCounts()
    requests = [ChatRequest((("user", prompt),), judge.sampling) for prompt in prompts.values()]
    replies, costs = ask_endpoint(context, "judge", judge, requests)
    for i, reply in zip(prompts, replies, strict=True):
        answered = reply.status == "ok"
        grades[i] = read_judgement(grades[i], reply.text) if answered else judge_failed(grades[i], reply.status)
    return grades, costs


def _grade_stream(context: StageContext, rows: Iterable[tuple[str, str]]) -> Iterator[Grade]:
    """Grade completions against references, in order: here, as they are read, or on the nodes of the run's cluster."""
    if context.cluster is None:
        with open_grader(context.recipe.grading) as grader:
            yield from grader.grade_stream(rows)
        return
    left = iter(rows)
    parts = list(iter(lambda: list(islice(left, ROWS_TOGETHER)), []))
    with closing(context.cluster.open(partial(grading_worker, context.recipe.grading), gpus=0)) as workers:
        for grades in workers.map(parts):
            yield from grades


@contextmanager
def grading_worker(config: GradingConfig) -> Iterator[Callable[[Sequence[tuple[str, str]]], list[Grade]]]:
    """A node's side: a grader, whose own processes can be killed one by one, and what it does with some rows."""
    with open_grader(config) as grader:
        yield grader.grade_many
