"""Where the arms are right: by topic, by level, and again and again or by luck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from supercorrect.metrics import Proportion, compute_accuracy
from supercorrect.records import EvaluationItem, Problem, Verdict

MOST_GROUPS = 12
"""Groups that a table shows; the smaller ones go together."""
OTHERS = "all others"

Evaluations = Mapping[str, Sequence[EvaluationItem]]


@dataclass(frozen=True)
class Breakdown:
    """Sampled accuracy by one property of the problems.

    Attributes:
        by: What the problems are grouped by.
        sizes: Problems in each group, which are in the order of the table.
        arms: By arm, then by group.
    """

    by: str
    sizes: dict[str, int]
    arms: dict[str, dict[str, Proportion]]


@dataclass(frozen=True)
class Agreement:
    """How the greedy and the sampled solution of the same problem agree, as shares that add up to 1."""

    both_right: float
    greedy_only: float
    sampled_only: float
    neither: float

    @property
    def parts(self) -> tuple[float, ...]:
        """In the order in which a chart stacks them."""
        return (self.both_right, self.greedy_only, self.sampled_only, self.neither)


@dataclass(frozen=True)
class Stability:
    """How many of a problem's samples are right.

    Attributes:
        samples: A problem has.
        problems: Item k is how many problems have k right samples.
    """

    name: str
    samples: int
    problems: list[int]


def compute_breakdowns(problems: Sequence[Problem], evaluations: Evaluations) -> list[Breakdown]:
    """By topic and by level, as far as the problems name them."""
    found = (
        _break_down("topic", problems, evaluations, lambda problem: problem.topic),
        _break_down("level", problems, evaluations, lambda problem: problem.level),
    )
    return [breakdown for breakdown in found if breakdown is not None]


def _break_down(
    by: str, problems: Sequence[Problem], evaluations: Evaluations, group_of: Callable[[Problem], str | None]
) -> Breakdown | None:
    named = {p.problem_id: group for p in problems if (group := group_of(p)) is not None}
    sizes = Counter(named.values())
    if len(sizes) < 2:
        return None
    shown = {group for group, _ in sizes.most_common(MOST_GROUPS)}
    groups = {problem_id: group if group in shown else OTHERS for problem_id, group in named.items()}
    order = sorted(shown) + [OTHERS] * (len(sizes) > len(shown))
    counted = Counter(groups.values())
    arms = {arm: _accuracies(items, groups, order) for arm, items in evaluations.items()}
    return Breakdown(by, {group: counted[group] for group in order}, arms)


def _accuracies(
    items: Sequence[EvaluationItem], groups: Mapping[str, str], order: Sequence[str]
) -> dict[str, Proportion]:
    statuses = {group: [i.sampled for i in items if groups.get(i.problem_id) == group] for group in order}
    return {group: compute_accuracy(found) for group, found in statuses.items() if found}


def compute_agreement(items: Sequence[EvaluationItem]) -> Agreement:
    """Of an arm's two solutions of each held-out problem."""
    pairs = Counter((item.greedy == "correct", item.sampled == "correct") for item in items)
    shares = (pairs[key] / len(items) for key in ((True, True), (True, False), (False, True), (False, False)))
    return Agreement(*shares)


def compute_stability(name: str, verdicts: Iterable[Verdict]) -> Stability | None:
    """Of a student that solved each problem several times; None where it solved each once."""
    right: Counter[str] = Counter()
    samples: Counter[str] = Counter()
    for verdict in verdicts:
        samples[verdict.problem_id] += 1
        right[verdict.problem_id] += verdict.status == "correct"
    most = max(samples.values(), default=0)
    if most < 2:
        return None
    counts = Counter(right.values())
    return Stability(name, most, [counts[k] for k in range(most + 1)])
