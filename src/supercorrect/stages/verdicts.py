"""Verdicts: which solutions are right, wrong, or cannot be graded. Only the wrong ones go on."""

from __future__ import annotations

from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.context import StageContext
from supercorrect.judging import grade_completions
from supercorrect.records import Problem, Solution, Verdict, make_id
from supercorrect.run_folder import StageCounts


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/verdicts/<errors>.jsonl`, one verdict a solution."""
    problems = {p.problem_id: p for p in context.folder.read(f"problems/{errors.split}", Problem)}
    solutions = context.folder.read(f"solutions/{errors.name}", Solution)
    asked = [(s.completion, problems[s.problem_id]) for s in solutions]
    grades, costs = grade_completions(context, [(text, p.reference_answer, p.problem) for text, p in asked])
    verdicts = [
        Verdict(
            verdict_id=make_id("verdict", solution.solution_id),
            solution_id=solution.solution_id,
            problem_id=solution.problem_id,
            status=grade.status,
            extracted=grade.extracted,
            extraction_rule=grade.extraction_rule,
            reason=grade.reason,
        )
        for solution, grade in zip(solutions, grades, strict=True)
    ]
    return costs.with_rejections(len(solutions), []), [context.folder.write(f"verdicts/{errors.name}", verdicts)]
