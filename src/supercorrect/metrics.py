"""Every figure of a run, from the rows that it was computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypedDict

from supercorrect.grading import Grader
from supercorrect.records import Correction, EvaluationItem, Verdict, VerdictStatus

Z_95 = 1.959963984540054


class Proportion(TypedDict):
    """A share with its 95 % Wilson interval; n is how many it was counted over."""

    value: float
    ci95: list[float]
    n: int


class SelfCorrection(TypedDict):
    """What a second pass did to an arm's own solutions."""

    accuracy_after: Proportion
    wrong_to_right: int
    right_to_wrong: int
    n: int


class Localisation(TypedDict):
    """How an arm judges the HSFT student's solutions (Table 6): n wrong ones, n_right right ones.

    Attributes:
        locate_correctness: Share of the wrong ones whose first wrong step it faults first.
        correction_accuracy: Share of the wrong ones that it also corrects to the teacher's result.
        false_alarm_rate: Share of the right ones in which it faults any step.
    """

    locate_correctness: float | None
    correction_accuracy: float | None
    false_alarm_rate: float | None
    n: int
    n_right: int


class ArmMetrics(TypedDict):
    """One arm; None where it has no such figure."""

    accuracy: Proportion
    accuracy_greedy: Proportion
    ungradable: int
    self_correction: SelfCorrection | None
    localisation: Localisation | None


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a proportion.

    Raises:
        ValueError: n is 0: nothing was counted.
    """
    if n <= 0:
        raise ValueError("an interval needs at least one observation")
    share = successes / n
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n)) / (1 + Z_95**2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def compute_proportion(successes: int, n: int) -> Proportion:
    """A share with its interval."""
    low, high = wilson_interval(successes, n)
    return {"value": successes / n, "ci95": [low, high], "n": n}


def compute_accuracy(statuses: Sequence[VerdictStatus]) -> Proportion:
    """Accuracy over all items: an ungradable one is no success, and is counted apart."""
    return compute_proportion(sum(status == "correct" for status in statuses), len(statuses))


def compute_self_correction(items: Sequence[EvaluationItem]) -> SelfCorrection | None:
    """What self-correction fixed and broke; None where the arm does not correct itself."""
    before_after = [(i.sampled == "correct", i.corrected == "correct") for i in items if i.corrected is not None]
    if not before_after:
        return None
    return {
        "accuracy_after": compute_proportion(sum(after for _, after in before_after), len(before_after)),
        "wrong_to_right": sum(after and not before for before, after in before_after),
        "right_to_wrong": sum(before and not after for before, after in before_after),
        "n": len(before_after),
    }


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
    return {
        "locate_correctness": len(located) / len(wrong) if wrong else None,
        "correction_accuracy": len(corrected) / len(wrong) if wrong else None,
        "false_alarm_rate": sum(i.located_step is not None for i in right) / len(right) if right else None,
        "n": len(wrong),
        "n_right": len(right),
    }


def same_result(correction: str | None, teachers: str, grader: Grader) -> bool:
    """Whether two corrected steps end in the same result: what stands behind their last `=`, else the whole step."""
    if correction is None:
        return False
    results = [text.rpartition("=")[2].strip() or text for text in (correction, teachers)]
    return grader.grade_answer(results[0], results[1]).status == "correct"


def compute_arm(
    items: Sequence[EvaluationItem],
    corrections: Mapping[str, Correction],
    verdicts: Mapping[str, Verdict],
    grader: Grader,
) -> ArmMetrics:
    """All figures of one arm."""
    return {
        "accuracy": compute_accuracy([i.sampled for i in items]),
        "accuracy_greedy": compute_accuracy([i.greedy for i in items]),
        "ungradable": sum(i.sampled == "ungradable" for i in items),
        "self_correction": compute_self_correction(items),
        "localisation": compute_localisation(items, corrections, verdicts, grader),
    }
