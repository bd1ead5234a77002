"""Every figure of an arm, from its rows, and how arms differ on the same problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from supercorrect.grading import Grader
from supercorrect.metrics.comparison import PairedComparison, compare_paired
from supercorrect.metrics.localisation import Localisation, compute_localisation
from supercorrect.metrics.proportions import Proportion, compute_accuracy, compute_groups
from supercorrect.metrics.self_correction import PassOutcome, SelfCorrection, compute_self_correction
from supercorrect.records import Correction, EvaluationItem, Problem, Verdict


class ArmMetrics(TypedDict):
    """One arm; None where it has no such figure.

    Attributes:
        by_topic: Accuracy of the sampled solutions, by the problems' topic.
        compared_with: The arm, as the first, against others on the same problems, by their sampled solutions.
    """

    accuracy: Proportion
    accuracy_greedy: Proportion
    ungradable: int
    self_correction: SelfCorrection | None
    localisation: Localisation | None
    by_topic: dict[str, Proportion]
    by_level: dict[str, Proportion]
    compared_with: dict[str, PairedComparison]


def compute_arm(
    items: Sequence[EvaluationItem],
    corrections: Mapping[str, Correction],
    verdicts: Mapping[str, Verdict],
    grader: Grader,
    problems: Mapping[str, Problem],
    others: Mapping[str, Sequence[EvaluationItem]],
) -> ArmMetrics:
    """All figures of one arm.

    Args:
        corrections: The teacher's, by solution_id.
        verdicts: By solution_id.
        problems: By problem_id.
        others: The rows of the arms to compare it with, by their names.
    """
    asked = [problems[item.problem_id] for item in items]
    right = _right(items)
    return {
        "accuracy": compute_accuracy([i.sampled for i in items]),
        "accuracy_greedy": compute_accuracy([i.greedy for i in items]),
        "ungradable": sum(i.sampled == "ungradable" for i in items),
        "self_correction": compute_self_correction(
            [[PassOutcome(i.sampled, i.corrected, i.faulted)] for i in items if i.corrected is not None]
        ),
        "localisation": compute_localisation(items, corrections, verdicts, grader),
        "by_topic": compute_groups([p.topic for p in asked], right),
        "by_level": compute_groups([p.level for p in asked], right),
        "compared_with": {name: compare_paired(right, _right(rows)) for name, rows in others.items()},
    }


def _right(items: Sequence[EvaluationItem]) -> list[int]:
    return [int(item.sampled == "correct") for item in items]
