"""Repeats: every arm solves the hardest held-out problems again and again, for its stability (Figure 5)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from supercorrect.arms import prompt_of
from supercorrect.config import SamplingConfig, StabilityConfig
from supercorrect.context import StageContext
from supercorrect.errors import InputError
from supercorrect.evaluation.solvers import StudentSolver
from supercorrect.judging import grade_completions
from supercorrect.manifest import StageCounts
from supercorrect.models.placement import place_student
from supercorrect.records import Problem, RepeatedItem
from supercorrect.training.rendering import user_message


def run(context: StageContext, arm: str) -> tuple[StageCounts, list[Path]]:
    """Write `data/stability/<arm>.jsonl`, one row a problem."""
    config, evaluation = context.recipe.evaluation.stability, context.recipe.evaluation
    assert config is not None  # a recipe without it has no such stage
    problems = choose_hardest(context.folder.read("problems/held_out", Problem), config)
    sampling = SamplingConfig(temperature=evaluation.temperature, max_new_tokens=evaluation.max_new_tokens)
    template = prompt_of(context.recipe, arm)
    messages = [user_message(template, problem=p.problem) for p in problems]
    together = max(1, context.recipe.student.batch_size // len(problems))
    texts: list[str] = []
    opened = closing(place_student(context, context.student_model(arm)))
    with opened as student, context.reporter.task(f"repeats of {arm}", total=config.repeats) as task:
        solver = StudentSolver(student, context.store, seed=context.recipe.seed)
        for begun in range(0, config.repeats, together):
            count = min(together, config.repeats - begun)
            # The index makes draws of the same prompts differ; 0 is the evaluation's own.
            written = solver.write(messages * count, sampling, sample_index=begun + 1)
            texts += [one.text for one in written]
            task.update(begun + count)
    rows = [(text, problems[i % len(problems)]) for i, text in enumerate(texts)]
    grades, costs = grade_completions(context, [(text, p.reference_answer, p.problem) for text, p in rows])
    items = [
        RepeatedItem(
            arm=arm,
            problem_id=problem.problem_id,
            verdicts=tuple(grade.status for grade in grades[i :: len(problems)]),
        )
        for i, problem in enumerate(problems)
    ]
    return costs.with_rejections(len(items), []), [context.folder.write(f"stability/{arm}", items)]


def choose_hardest(problems: list[Problem], config: StabilityConfig) -> list[Problem]:
    """The problems of the named levels, or of the highest one.

    Raises:
        InputError: No held-out problem is of these levels.
    """
    highest = max((p.level for p in problems if p.level is not None), default=None)
    levels = config.levels or ((highest,) if highest is not None else ())
    chosen = [p for p in problems if p.level in levels][: config.count]
    if not chosen:
        known = sorted({p.level for p in problems if p.level is not None})
        raise InputError(
            f"evaluation.stability: expected held-out problems of level {', '.join(levels) or '(any)'}, "
            f"got levels {', '.join(known) or 'none'}; name others in evaluation.stability.levels"
        )
    return chosen
