"""Examples that a reader can follow from a problem to its pairs, and to what every arm does with one like it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from supercorrect.arms import PreferenceArm
from supercorrect.formats import split_steps
from supercorrect.records import Correction, EvaluationItem, Pair, Problem, Solution
from supercorrect.report.breakdown import Evaluations
from supercorrect.run_folder import RunFolder

EXAMPLES = 30
LATEST_STEP = 6
"""First wrong steps from this one on count as one kind."""

Kind = tuple[str, str, int]


@dataclass(frozen=True)
class HeldOut:
    """What each arm does with a held-out problem."""

    problem: Problem
    items: list[EvaluationItem]


@dataclass(frozen=True)
class Example:
    """A corrected error with everything that led to its pairs.

    Attributes:
        steps: Of the student's solution.
        held_out: A problem of the same topic and level as far as there is one, chosen without a look at any answer.
    """

    problem: Problem
    solution: Solution
    steps: list[str]
    correction: Correction
    pairs: list[Pair]
    held_out: HeldOut | None


def pick_examples(
    folder: RunFolder, arm: PreferenceArm, held_out: Sequence[Problem], evaluations: Evaluations
) -> list[Example]:
    """Corrected errors that differ in topic, level and first wrong step; each problem once."""
    problems = {p.problem_id: p for p in folder.read(f"problems/{arm.errors.split}", Problem)}
    paired = {pair.correction_id for pair in folder.iterate(arm.pairs, Pair)}
    corrections = folder.iterate(f"corrections/{arm.errors.name}", Correction)
    chosen = spread_out(
        [c for c in corrections if c.correction_id in paired],
        {problem_id: (p.topic or "", p.level or "") for problem_id, p in problems.items()},
    )
    wanted = {c.solution_id for c in chosen}
    solutions = {
        s.solution_id: s for s in folder.iterate(f"solutions/{arm.errors.name}", Solution) if s.solution_id in wanted
    }
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for pair in folder.iterate(arm.pairs, Pair):
        if pair.solution_id in wanted:
            pairs[pair.correction_id].append(pair)
    companions = _Companions(held_out, evaluations)
    return [
        Example(
            problem=problems[c.problem_id],
            solution=solutions[c.solution_id],
            steps=[span.text for span in split_steps(solutions[c.solution_id].completion)],
            correction=c,
            pairs=pairs[c.correction_id],
            held_out=companions.take(problems[c.problem_id]),
        )
        for c in chosen
    ]


def spread_out(corrections: Iterable[Correction], groups: Mapping[str, tuple[str, str]]) -> list[Correction]:
    """Up to `EXAMPLES` corrections, each of the kind whose topic, level and step were taken least so far.

    Args:
        corrections: In order; of one kind the earlier ones are taken first.
        groups: Topic and level, by problem_id.
    """
    waiting: dict[Kind, list[Correction]] = defaultdict(list)
    seen: set[str] = set()
    for correction in corrections:
        kind = (*groups[correction.problem_id], min(correction.first_error_step, LATEST_STEP))
        if correction.problem_id not in seen and len(waiting[kind]) < EXAMPLES:
            seen.add(correction.problem_id)
            waiting[kind].append(correction)
    taken: Counter[tuple[int, object]] = Counter()
    chosen: list[Correction] = []
    while waiting and len(chosen) < EXAMPLES:
        kind = min(waiting, key=lambda kind: sum(taken[trait] for trait in enumerate(kind)))
        chosen.append(waiting[kind].pop(0))
        taken.update(enumerate(kind))
        if not waiting[kind]:
            del waiting[kind]
    return chosen


class _Companions:
    """Held-out problems to go with examples: each once, the likest first, then in the order of their file."""

    def __init__(self, held_out: Sequence[Problem], evaluations: Evaluations) -> None:
        self._free = list(held_out)
        self._items: dict[str, list[EvaluationItem]] = defaultdict(list)
        for items in evaluations.values():
            for item in items:
                self._items[item.problem_id].append(item)

    def take(self, problem: Problem) -> HeldOut | None:
        """The next one of the same topic and level, else of the same topic, else any."""
        if not self._free:
            return None
        unlike = [(p.topic != problem.topic, p.level != problem.level) for p in self._free]
        found = self._free.pop(unlike.index(min(unlike)))
        return HeldOut(found, self._items[found.problem_id])
