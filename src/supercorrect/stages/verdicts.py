"""Verdicts: which solutions are right, wrong, or cannot be graded. Only the wrong ones go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.context import StageContext
from supercorrect.judging import grade_completions
from supercorrect.manifest import StageCounts
from supercorrect.records import Problem, Solution, Verdict, make_id


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/verdicts/<errors>.jsonl`, one verdict a solution."""
    known = {
        p.problem_id: (p.reference_answer, p.problem)
        for p in context.folder.iterate(f"problems/{errors.split}", Problem)
    }
    rows = ((s.completion, *known[s.problem_id]) for s in _solutions(context, errors))
    grades, costs = grade_completions(context, rows)
    verdicts = (
        Verdict(
            verdict_id=make_id("verdict", solution.solution_id),
            solution_id=solution.solution_id,
            problem_id=solution.problem_id,
            status=grade.status,
            extracted=grade.extracted,
            extraction_rule=grade.extraction_rule,
            reason=grade.reason,
        )
        for solution, grade in zip(_solutions(context, errors), grades, strict=True)
    )
    return costs.with_rejections(len(grades), []), [context.folder.write(f"verdicts/{errors.name}", verdicts)]


def _solutions(context: StageContext, errors: ErrorSet) -> Iterator[Solution]:
    """One in memory at a time."""
    return context.folder.iterate(f"solutions/{errors.name}", Solution)
