"""Corrections as records for Argilla, where a team reviews what one person reviews in the viewer."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from supercorrect.arms import ErrorSet, round_arms
from supercorrect.config import Recipe
from supercorrect.decisions import read_decisions
from supercorrect.errors import InputError
from supercorrect.formats import render_steps, split_steps
from supercorrect.records import Correction, DecisionAction, Problem, Solution
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_records


class ArgillaRow(BaseModel):
    """A record as Argilla's `dataset.records.log` takes it: each key names a field, a question or metadata.

    Attributes:
        id: The correction's.
        cause: Suggested to the question of that name, like the two after it; as a person edited it, where one did.
        decision: Suggested, too: what was decided in the viewer. None: nothing yet.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    problem: str
    reference_solution: str
    solution: str
    first_error_step: int
    teacher: str
    topic: str | None
    level: str | None
    cause: str
    correction: str
    corrected_answer: str
    decision: DecisionAction | None


def export_argilla(recipe: Recipe, folder: RunFolder, output: Path) -> int:
    """Write `argilla.jsonl`: one record a correction that pairs are made from, of every round.

    Returns:
        How many records.

    Raises:
        InputError: The run has no corrections yet.
    """
    sets = [arm.errors for arm in round_arms(recipe) if folder.data(f"corrections/{arm.errors.name}").exists()]
    if not sets:
        raise InputError(f"nothing to review: expected {folder.data('corrections/errors')}; run until 'corrections'")
    rows = [row for errors in sets for row in _rows_of(folder, errors)]
    write_records(output / "argilla.jsonl", rows)
    return len(rows)


def _rows_of(folder: RunFolder, errors: ErrorSet) -> list[ArgillaRow]:
    problems = {p.problem_id: p for p in folder.read(f"problems/{errors.split}", Problem)}
    solutions = {s.solution_id: s for s in folder.read(f"solutions/{errors.name}", Solution)}
    decisions = read_decisions(folder)
    rows = []
    for correction in folder.read(f"corrections/{errors.name}", Correction):
        problem, decision = problems[correction.problem_id], decisions.get(correction.correction_id)
        edited = decision if decision and decision.action == "edit" else None
        steps = split_steps(solutions[correction.solution_id].completion)
        rows.append(
            ArgillaRow(
                id=correction.correction_id,
                problem=problem.problem,
                reference_solution=problem.reference_solution,
                solution=render_steps([span.text for span in steps]),
                first_error_step=correction.first_error_step,
                teacher=correction.teacher,
                topic=problem.topic,
                level=problem.level,
                cause=(edited and edited.cause) or correction.cause,
                correction=(edited and edited.correction) or correction.correction,
                corrected_answer=(edited and edited.corrected_answer) or correction.corrected_answer,
                decision=decision.action if decision else None,
            )
        )
    return rows
