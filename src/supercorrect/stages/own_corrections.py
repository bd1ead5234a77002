"""Own corrections: the student, after exactly the same prefix but without the reference solution, checks its own steps.

It is asked about the first wrong step of each corrected solution, and about some of the right steps before it, so that
pairs can also teach it to leave a right step alone.
"""

from __future__ import annotations

import random
from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.formats import parse_step_review
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.records import Correction, OwnCorrection, Problem, Solution, make_id
from supercorrect.reviewing import as_written, review_steps
from supercorrect.run_folder import StageCounts


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/own_corrections/<errors>.jsonl`."""
    problems = {p.problem_id: p.problem for p in context.folder.read(f"problems/{errors.split}", Problem)}
    solutions = {s.solution_id: s for s in context.folder.read(f"solutions/{errors.name}", Solution)}
    corrections = context.folder.read(f"corrections/{errors.name}", Correction)
    asked = choose_steps(corrections, context.recipe.pairs.right_step_share, context.seed)
    student = TransformersStudent(context.student_model(errors.student), context.recipe.student)
    written = [
        (
            as_written(student, errors.student, problems[c.problem_id], solutions[c.solution_id]),
            step,
        )
        for c, step in asked
    ]
    config = context.recipe.solutions
    sampling = SamplingConfig(
        temperature=config.temperature, top_p=config.top_p, max_new_tokens=context.recipe.reviews.max_new_tokens
    )
    with context.reporter.task("own corrections", total=len(asked)) as task:
        completions = review_steps(
            student,
            context.store,
            written,
            context.recipe.prompts.correction,
            sampling,
            seed=context.recipe.seed,
            on_done=task.update,
        )
    own = []
    for (correction, step), completion in zip(asked, completions, strict=True):
        review = parse_step_review(completion.text)
        own.append(
            OwnCorrection(
                own_correction_id=make_id("own", correction.correction_id, step, student.fingerprint),
                correction_id=correction.correction_id,
                solution_id=correction.solution_id,
                problem_id=correction.problem_id,
                step=step,
                completion=completion.text,
                completion_token_ids=completion.token_ids,
                cause=review.cause,
                correction=review.correction,
            )
        )
    return StageCounts.of(len(asked), []), [context.folder.write(f"own_corrections/{errors.name}", own)]


def choose_steps(corrections: list[Correction], right_step_share: float, seed: int) -> list[tuple[Correction, int]]:
    """The first wrong step of each correction, then a share of the right steps before them, drawn by seed."""
    wrong = [(c, c.first_error_step) for c in corrections]
    right = [(c, step) for c in corrections for step in range(1, c.first_error_step)]
    random.Random(seed).shuffle(right)
    return wrong + right[: round(right_step_share * len(wrong))]
