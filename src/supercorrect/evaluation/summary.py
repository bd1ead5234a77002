"""From the rows of an evaluation to its figures, and from two models' rows to their comparison."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import TypedDict

from supercorrect.config import GradingConfig
from supercorrect.evaluation.items import EvaluatedSample, GradedPass
from supercorrect.grading import Grader, grader_version
from supercorrect.metrics import (
    Answer,
    PairedComparison,
    PassOutcome,
    Proportion,
    SelfCorrection,
    Stability,
    compare_paired,
    compute_groups,
    compute_mean,
    compute_self_correction,
    compute_stability,
    find_majority,
    maj_at_k,
    pass_at_k,
    same_answers,
)
from supercorrect.progress import Reporter


class Majority(Proportion):
    """maj@k, and how many of its votes were ties; the answer that was written first wins them."""

    ties: int


class ModelFigures(TypedDict):
    """What one model reaches.

    Attributes:
        accuracy: Mean over problems of the share of right samples; with one sample the accuracy, with more also pass@1.
        ungradable: How many samples have which reason; they are no successes, and no errors either.
        cut: Samples that ended at the token limit.
        samples: Of each problem, the fewest that any has.
        pass_at: By k; empty with one sample.
        maj_at: By k; empty with one sample.
        stability: None with one sample, or where problems have different numbers of samples.
        self_correction: By pass; each is compared with the first solutions, not with the pass before.
        label_differences: Samples (problem_id, sample_index) with a label that is not our verdict. None: no labels.
    """

    accuracy: Proportion
    ungradable: dict[str, int]
    cut: int
    samples: int
    pass_at: dict[int, Proportion]
    maj_at: dict[int, Majority]
    stability: Stability | None
    by_topic: dict[str, Proportion]
    by_level: dict[str, Proportion]
    self_correction: list[SelfCorrection]
    reflexion: SelfCorrection | None
    label_differences: list[tuple[str, int]] | None


class ModelComparison(TypedDict):
    """Two models on the problems that both were given.

    Attributes:
        majority: By their majority answers. None: one of them has one sample a problem.
    """

    first: str
    second: str
    accuracy: PairedComparison
    majority: PairedComparison | None


class ProblemOutcome:
    """All samples of one model for one problem, and how they vote."""

    def __init__(self, samples: Sequence[EvaluatedSample], grader: Grader) -> None:
        self.samples = samples
        self.answers = [Answer(sample.extracted, sample.status == "correct") for sample in samples]
        self.votes = same_answers(self.answers, grader) if len(samples) > 1 else [0]
        self.right = [answer.is_right for answer in self.answers]

    @property
    def share(self) -> float:
        """The share of right samples."""
        return fmean(self.right)

    @property
    def majority(self) -> float:
        """1 where the majority of all samples is right, else 0."""
        winner, _ = find_majority(self.votes)
        return float(winner is not None and self.right[winner])


def group_outcomes(rows: Sequence[EvaluatedSample], grader: Grader, reporter: Reporter) -> dict[str, ProblemOutcome]:
    """One model's rows by problem_id. Votes are counted in parallel: the grader may have to ask its workers."""
    problems: dict[str, list[EvaluatedSample]] = {}
    for row in rows:
        problems.setdefault(row.problem_id, []).append(row)
    outcomes: dict[str, ProblemOutcome] = {}
    with (
        reporter.task("count votes", total=len(problems)) as task,
        ThreadPoolExecutor(grader.workers, thread_name_prefix="voting") as executor,
    ):
        voted = executor.map(lambda samples: ProblemOutcome(samples, grader), problems.values())
        for problem_id, outcome in zip(problems, voted, strict=True):
            outcomes[problem_id] = outcome
            task.advance()
    return outcomes


def summarise(outcomes: dict[str, ProblemOutcome]) -> ModelFigures:
    """The figures of one model."""
    problems = list(outcomes.values())
    rows = [sample for problem in problems for sample in problem.samples]
    counts = [len(problem.samples) for problem in problems]
    shares = [problem.share for problem in problems]
    labelled = [row for row in rows if row.label is not None]
    differing = [(r.problem_id, r.sample_index) for r in labelled if r.label != (r.status == "correct")]
    steady = len(set(counts)) == 1 and counts[0] > 1
    return {
        "accuracy": compute_mean(shares),
        "ungradable": dict(Counter(row.reason or "" for row in rows if row.status == "ungradable")),
        "cut": sum(row.finish_reason == "length" for row in rows),
        "samples": min(counts),
        "pass_at": {k: _pass_at(problems, k) for k in _ks(min(counts))},
        "maj_at": {k: _maj_at(problems, k) for k in _ks(min(counts)) if k > 1},
        "stability": compute_stability([problem.right for problem in problems]) if steady else None,
        "by_topic": compute_groups([problem.samples[0].topic for problem in problems], shares),
        "by_level": compute_groups([problem.samples[0].level for problem in problems], shares),
        "self_correction": _passes(problems),
        "reflexion": _corrected(problems, lambda row: row.reflexion),
        "label_differences": differing if labelled else None,
    }


def compare_models(models: dict[str, dict[str, ProblemOutcome]]) -> list[ModelComparison]:
    """Every model against every one after it, on the problems that both have."""
    compared: list[ModelComparison] = []
    for first, second in itertools.combinations(models, 2):
        pairs = [(one, models[second][name]) for name, one in models[first].items() if name in models[second]]
        if not pairs:
            continue
        several = all(len(outcome.samples) > 1 for pair in pairs for outcome in pair)
        majorities = compare_paired([a.majority for a, _ in pairs], [b.majority for _, b in pairs])
        compared.append(
            {
                "first": first,
                "second": second,
                "accuracy": compare_paired([a.share for a, _ in pairs], [b.share for _, b in pairs]),
                "majority": majorities if several else None,
            }
        )
    return compared


def describe_grader(grading: GradingConfig) -> str:
    """The task and the version of the grader, as they stand beside each figure."""
    return f"{grading.task}, version {grader_version()}"


def _ks(n: int) -> list[int]:
    """1, 2, 4, … and n itself; none where there is one sample."""
    return sorted({2**i for i in range(n.bit_length()) if 2**i <= n} | {n}) if n > 1 else []


def _pass_at(problems: Sequence[ProblemOutcome], k: int) -> Proportion:
    return compute_mean([pass_at_k(len(problem.right), sum(problem.right), k) for problem in problems])


def _maj_at(problems: Sequence[ProblemOutcome], k: int) -> Majority:
    votes = [maj_at_k(problem.answers, problem.votes, k) for problem in problems]
    return {**compute_mean([share for share, _ in votes]), "ties": sum(ties for _, ties in votes)}


def _passes(problems: Sequence[ProblemOutcome]) -> list[SelfCorrection]:
    count = min(len(row.passes) for problem in problems for row in problem.samples)
    figures = map(lambda k: _corrected(problems, lambda row: row.passes[k]), range(count))
    return [one for one in figures if one is not None]


def _corrected(
    problems: Sequence[ProblemOutcome], after: Callable[[EvaluatedSample], GradedPass | None]
) -> SelfCorrection | None:
    """What became of all samples, problem by problem."""
    outcomes = [
        [PassOutcome(row.status, late.status, late.faulted) for row in problem.samples if (late := after(row))]
        for problem in problems
    ]
    return compute_self_correction([solutions for solutions in outcomes if solutions])
