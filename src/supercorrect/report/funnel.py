"""How much comes through: problem, solution, error, correction, pair, and why the rest did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from supercorrect.arms import PreferenceArm
from supercorrect.manifest import Manifest
from supercorrect.records import Correction, Pair, Verdict
from supercorrect.run_folder import RunFolder


@dataclass(frozen=True)
class FunnelStep:
    """One station.

    Attributes:
        count: How many there are.
        kinds: What they are, where that says more than the count.
        left_out: How many went no further here, by reason.
    """

    name: str
    count: int
    kinds: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Funnel:
    """What one round made of the problems, and at which step its corrected errors are."""

    arm: str
    student: str
    steps: list[FunnelStep]
    first_error_steps: dict[int, int]


def count_funnel(folder: RunFolder, manifest: Manifest, arm: PreferenceArm) -> Funnel:
    """Counts of the rows that stand in the run; the reasons are those of the manifest."""
    verdicts = list(folder.iterate(f"verdicts/{arm.errors.name}", Verdict))
    statuses = Counter(verdict.status for verdict in verdicts)
    unread = Counter(f"ungradable: {v.reason}" for v in verdicts if v.status == "ungradable")
    steps = Counter(c.first_error_step for c in folder.iterate(f"corrections/{arm.errors.name}", Correction))
    layouts = Counter(pair.layout for pair in folder.iterate(arm.pairs, Pair))
    suffix = arm.name.removeprefix("cross_dpo")

    def rejected(stage: str) -> dict[str, int]:
        entry = manifest.stages.get(stage)
        return dict(entry.rejected) if entry else {}

    return Funnel(
        arm.name,
        arm.errors.student,
        [
            FunnelStep("problems", len({v.problem_id for v in verdicts}), {}, rejected("problems")),
            FunnelStep("solutions", len(verdicts), {}, {"correct": statuses["correct"], **unread}),
            FunnelStep("errors", statuses["incorrect"], {}, rejected(f"corrections{suffix}")),
            FunnelStep("corrections", steps.total(), {}, {}),
            FunnelStep("pairs", layouts.total(), dict(layouts.most_common()), rejected(f"pairs{suffix}")),
        ],
        dict(sorted(steps.items())),
    )
