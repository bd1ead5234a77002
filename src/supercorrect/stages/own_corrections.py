"""Own corrections: the student, after exactly the same prefix but without the reference solution, checks its own steps.

It is asked about the first wrong step of each corrected solution, and about some right steps, so that pairs can also
teach it to leave a right step alone: those before the first wrong one, and those of solutions that were graded right.
Without the latter nearly all right steps are early ones, and a student learns to fault whatever is late.
"""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.formats import parse_step_review, split_steps
from supercorrect.manifest import StageCounts
from supercorrect.models.engines import say_what_is_inexact
from supercorrect.models.placement import place_student
from supercorrect.records import Correction, OwnCorrection, Problem, Solution, Verdict, make_id
from supercorrect.reviewing import as_written, review_steps


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/own_corrections/<errors>.jsonl`."""
    problems = {p.problem_id: p.problem for p in context.folder.read(f"problems/{errors.split}", Problem)}
    solutions = {s.solution_id: s for s in context.folder.read(f"solutions/{errors.name}", Solution)}
    asked = choose_steps(
        context.folder.read(f"corrections/{errors.name}", Correction),
        right_solutions(solutions, context.folder.read(f"verdicts/{errors.name}", Verdict)),
        context.recipe.pairs.right_step_share,
        context.seed,
    )
    reviewed = [solutions[one.solution_id] for one in asked]
    config = context.recipe.solutions
    sampling = SamplingConfig(
        temperature=config.temperature, top_p=config.top_p, max_new_tokens=context.recipe.reviews.max_new_tokens
    )
    opened = closing(place_student(context, context.student_model(errors.student)))
    with opened as student, context.reporter.task("own corrections", total=len(asked)) as task:
        written = [
            (as_written(student, errors.student, problems[solution.problem_id], solution), one.step)
            for one, solution in zip(asked, reviewed, strict=True)
        ]
        completions = review_steps(
            student,
            context.store,
            written,
            context.recipe.prompts.correction,
            sampling,
            seed=context.recipe.seed,
            on_done=task.update,
        )
    say_what_is_inexact(context.reporter, errors.student, completions)
    own = []
    for one, solution, completion in zip(asked, reviewed, completions, strict=True):
        review = parse_step_review(completion.text)
        own.append(
            OwnCorrection(
                own_correction_id=make_id("own", one.correction_id or one.solution_id, one.step, student.fingerprint),
                correction_id=one.correction_id,
                solution_id=one.solution_id,
                problem_id=solution.problem_id,
                step=one.step,
                completion=completion.text,
                completion_token_ids=completion.token_ids,
                cause=review.cause,
                correction=review.correction,
            )
        )
    return StageCounts.of(len(asked), []), [context.folder.write(f"own_corrections/{errors.name}", own)]


@dataclass(frozen=True)
class Asked:
    """A step (1-based) that the student is asked about. `correction_id` None: the solution was graded right."""

    solution_id: str
    correction_id: str | None
    step: int


def right_solutions(solutions: dict[str, Solution], verdicts: list[Verdict]) -> list[Solution]:
    """The solutions that were graded right, in order."""
    return [solutions[verdict.solution_id] for verdict in verdicts if verdict.status == "correct"]


def choose_steps(
    corrections: list[Correction], right: list[Solution], right_step_share: float, seed: int
) -> list[Asked]:
    """The first wrong step of each correction, and for each of these `right_step_share` right steps, drawn by seed."""
    wrong = [Asked(c.solution_id, c.correction_id, c.first_error_step) for c in corrections]
    standing = [Asked(c.solution_id, c.correction_id, k) for c in corrections for k in range(1, c.first_error_step)]
    for solution in right:
        count = len(split_steps(solution.completion))
        standing += [Asked(solution.solution_id, None, step) for step in range(1, count + 1)]
    random.Random(seed).shuffle(standing)
    return wrong + standing[: round(right_step_share * len(wrong))]
