"""What became of the problem sets, in counts: written beside them as `data/problems/report.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from supercorrect.problems.loading import LoadedSet
from supercorrect.problems.removal import Removal
from supercorrect.records import Problem


def summarise(
    loaded: Mapping[str, Sequence[LoadedSet]],
    kept: Mapping[str, Sequence[Problem]],
    removals: Sequence[Removal],
) -> dict[str, Any]:
    """Counts by split, and by evaluation set what training lost to it.

    `loaded = kept + Σ removed` holds in each split. Nothing in it depends on when or where it was written.

    Args:
        loaded: The sets by split, and under `evaluation` those that training is only kept clear of.
    """
    return {
        "schema_version": 1,
        "splits": {split: _summarise_split(loaded[split], kept[split], split, removals) for split in kept},
        "evaluation_sets": _summarise_evaluation(loaded, kept, removals),
    }


def _summarise_split(
    sets: Sequence[LoadedSet], kept: Sequence[Problem], split: str, removals: Sequence[Removal]
) -> dict[str, Any]:
    removed = Counter(rejection.reason for one in sets for rejection in one.rejections)
    removed.update(removal.reason for removal in removals if removal.problem.split == split)
    return {
        "sets": [
            {"name": one.name, "layout": one.layout, "rows_read": one.rows, "taken": len(one.problems)} for one in sets
        ],
        "loaded": sum(len(one.problems) + len(one.rejections) for one in sets),
        "kept": len(kept),
        "removed": dict(sorted(removed.items())),
    }


def _summarise_evaluation(
    loaded: Mapping[str, Sequence[LoadedSet]], kept: Mapping[str, Sequence[Problem]], removals: Sequence[Removal]
) -> dict[str, Any]:
    """By source of evaluation problems: how many there are, how many stand in training, and what training lost."""
    evaluated = [*kept["held_out"], *(p for one in loaded.get("evaluation", ()) for p in one.problems)]
    against = [r for r in removals if r.problem.split != "held_out" and r.other.split in ("held_out", "evaluation")]
    summary: dict[str, Any] = {}
    for source, count in sorted(Counter(problem.source for problem in evaluated).items()):
        lost = [removal for removal in against if removal.other.source == source]
        summary[source] = {
            "problems": count,
            "problems_matched": len({removal.other.problem_id for removal in lost}),
            "training_problems_removed": dict(sorted(Counter(removal.reason for removal in lost).items())),
        }
    return summary
