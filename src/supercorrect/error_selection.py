"""Which wrong solutions are worth a teacher's time: near-identical ones once, and not too many of one problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from supercorrect.formats import split_steps
from supercorrect.problems import normalise_text
from supercorrect.records import Rejection, Solution, Verdict


def choose_errors(
    wrong: Sequence[Solution], verdicts: Mapping[str, Verdict], max_per_problem: int | None, *, stage: str
) -> tuple[list[Solution], list[Rejection]]:
    """The solutions to correct, in order, and the others with their reason.

    Args:
        wrong: Solutions graded `incorrect`.
        verdicts: By solution_id.
        max_per_problem: None: any number.
        stage: Named in the rejections.
    """
    chosen: list[Solution] = []
    rejections: list[Rejection] = []
    first_of: dict[tuple[str, ...], str] = {}
    counts: Counter[str] = Counter()
    for solution in wrong:
        reason, detail = "", ""
        steps = outline_steps(solution)
        outline = (solution.problem_id, verdicts[solution.solution_id].extracted or "", *steps)
        if not steps:
            reason = "solution_without_steps"
        elif outline in first_of:
            reason, detail = "near_identical", f"says what {first_of[outline]} says"
        elif max_per_problem is not None and counts[solution.problem_id] >= max_per_problem:
            reason = "over_cap"
        if reason:
            rejections.append(Rejection(stage=stage, item_id=solution.solution_id, reason=reason, detail=detail))
            continue
        first_of[outline] = solution.solution_id
        counts[solution.problem_id] += 1
        chosen.append(solution)
    return chosen, rejections


def outline_steps(solution: Solution) -> list[str]:
    """What a solution says step by step, whatever its spacing, case, punctuation and LaTeX dress."""
    return [normalise_text(span.text) for span in split_steps(solution.completion)]
