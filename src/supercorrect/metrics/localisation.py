"""How an arm judges the HSFT student's solutions, against the teacher's traces (Table 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from supercorrect.grading import Grader
from supercorrect.metrics.proportions import compute_proportion
from supercorrect.records import Correction, EvaluationItem, Verdict


class Localisation(TypedDict):
    """How an arm judges the HSFT student's solutions (Table 6): n wrong ones, n_right right ones.

    Attributes:
        locate_correctness: Share of the wrong ones whose first wrong step it faults first.
        correction_accuracy: Share of the wrong ones that it also corrects to the teacher's result.
        false_alarm_rate: Share of the right ones in which it faults any step.
        ci95: The 95 % Wilson interval of each of these, by its name; those that are None have none.
    """

    locate_correctness: float | None
    correction_accuracy: float | None
    false_alarm_rate: float | None
    n: int
    n_right: int
    ci95: dict[str, list[float]]


def compute_localisation(
    items: Sequence[EvaluationItem],
    corrections: Mapping[str, Correction],
    verdicts: Mapping[str, Verdict],
    grader: Grader,
) -> Localisation | None:
    """How an arm judges the HSFT student's solutions, against the teacher's traces.

    Args:
        items: One arm's.
        corrections: The teacher's, by solution_id; wrong solutions without one are left out.
        verdicts: By solution_id.
        grader: Compares the result of a corrected step with the teacher's.
    """
    reviewed = {i.reviewed_solution_id: i for i in items if i.reviewed_solution_id is not None}
    if not reviewed:
        return None
    wrong = {solution_id: item for solution_id, item in reviewed.items() if solution_id in corrections}
    right = [item for solution_id, item in reviewed.items() if verdicts[solution_id].status == "correct"]
    located = [s for s, item in wrong.items() if item.located_step == corrections[s].first_error_step]
    corrected = [s for s in located if same_result(wrong[s].located_correction, corrections[s].correction, grader)]
    alarms = sum(item.located_step is not None for item in right)
    counts = {
        "locate_correctness": (len(located), len(wrong)),
        "correction_accuracy": (len(corrected), len(wrong)),
        "false_alarm_rate": (alarms, len(right)),
    }
    shares = {name: compute_proportion(count, n) for name, (count, n) in counts.items() if n}
    return {
        "locate_correctness": shares["locate_correctness"]["value"] if wrong else None,
        "correction_accuracy": shares["correction_accuracy"]["value"] if wrong else None,
        "false_alarm_rate": shares["false_alarm_rate"]["value"] if right else None,
        "n": len(wrong),
        "n_right": len(right),
        "ci95": {name: share["ci95"] for name, share in shares.items()},
    }


def same_result(correction: str | None, teachers: str, grader: Grader) -> bool:
    """Whether two corrected steps end in the same result: what stands behind their last `=`, else the whole step."""
    if correction is None:
        return False
    results = [text.rpartition("=")[2].strip() or text for text in (correction, teachers)]
    return grader.grade_answer(results[0], results[1]).status == "correct"
