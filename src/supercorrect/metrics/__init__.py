"""Every figure of a run or an evaluation, from the rows that it was computed from."""

from supercorrect.metrics.arms import ArmMetrics, compute_arm
from supercorrect.metrics.comparison import PairedComparison, compare_paired, mcnemar_exact
from supercorrect.metrics.localisation import Localisation, compute_localisation, same_result
from supercorrect.metrics.proportions import (
    Proportion,
    bootstrap_interval,
    compute_accuracy,
    compute_groups,
    compute_mean,
    compute_proportion,
    compute_share,
    wilson_interval,
)
from supercorrect.metrics.repeats import (
    Answer,
    Stability,
    compute_stability,
    find_majority,
    maj_at_k,
    pass_at_k,
    same_answers,
)
from supercorrect.metrics.self_correction import PassOutcome, SelfCorrection, compute_self_correction

__all__ = [
    "Answer",
    "ArmMetrics",
    "Localisation",
    "PairedComparison",
    "PassOutcome",
    "Proportion",
    "SelfCorrection",
    "Stability",
    "bootstrap_interval",
    "compare_paired",
    "compute_accuracy",
    "compute_arm",
    "compute_groups",
    "compute_localisation",
    "compute_mean",
    "compute_proportion",
    "compute_self_correction",
    "compute_share",
    "compute_stability",
    "find_majority",
    "maj_at_k",
    "mcnemar_exact",
    "pass_at_k",
    "same_answers",
    "same_result",
    "wilson_interval",
]
