"""What the teachers' work is like: how much was accepted, of which problems, after how many rounds, at what cost."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypedDict

from supercorrect.arms import control_arms, round_arms
from supercorrect.config import Recipe
from supercorrect.records import Attempt, Correction, Problem, Thought, Verdict
from supercorrect.run_folder import RunFolder


class Share(TypedDict):
    """How many were accepted of how many."""

    accepted: int
    asked: int


class Spread(TypedDict):
    """The middle and the ends of a quantity."""

    median: float
    least: float
    most: float


class TeacherQuality(TypedDict):
    """One teacher's part. `usd_per_accepted` None: the cost is unknown, or nothing was accepted."""

    teacher: str
    attempts: int
    accepted: int
    usd: float | None
    usd_per_accepted: float | None


class Accepted(NamedTuple):
    """What a stage's figures need of a thought or a correction, so that its texts need not stay in memory.

    Attributes:
        steps: How many a thought has; which is the first wrong one of a corrected solution.
    """

    item_id: str
    repairs: tuple[str, ...]
    steps: int


class Quality(TypedDict):
    """One stage's work.

    Attributes:
        rounds: How many were accepted in which round.
        refusals: Refused attempts by reason, those that were mended later included.
        repairs: Accepted records by what had to be repaired to read them.
    """

    stage: str
    acceptance: Share
    by_level: dict[str, Share]
    by_topic: dict[str, Share]
    rounds: dict[int, int]
    refusals: dict[str, int]
    repairs: dict[str, int]
    steps: Spread | None
    output_tokens: Spread | None
    teachers: list[TeacherQuality]


def compute_quality(recipe: Recipe, folder: RunFolder) -> list[Quality]:
    """The quality of thoughts, of the corrections that each round learned from, and of the thoughts of controls.

    What the run leaves out, as a recipe with `tables` may, is left out here.
    """
    problems = {p.problem_id: p for split in ("hsft", "errors") for p in folder.read(f"problems/{split}", Problem)}
    controls, rounds = control_arms(recipe), [arm.errors.name for arm in round_arms(recipe)]
    works = [
        ("thoughts", "hsft", describe_thoughts),
        *((name.replace("errors", "corrections"), name, describe_corrections) for name in rounds),
        *((f"thoughts_{name}", name, describe_thoughts) for name in controls),
    ]
    return [
        describe(folder, problems, stage, name)
        for stage, name, describe in works
        if folder.data(f"attempts/{stage}").exists()
    ]


def describe_thoughts(folder: RunFolder, problems: dict[str, Problem], stage: str, name: str) -> Quality:
    """The quality of the thoughts that stand in one file."""
    thoughts = folder.iterate(f"thoughts/{name}", Thought)
    accepted = [Accepted(t.problem_id, t.repairs, len(t.thought.steps)) for t in thoughts]
    return describe_stage(stage, folder.read(f"attempts/{stage}", Attempt), problems, accepted)


def describe_corrections(folder: RunFolder, problems: dict[str, Problem], stage: str, name: str) -> Quality:
    """The quality of the corrections of one set of errors."""
    corrections = folder.iterate(f"corrections/{name}", Correction)
    accepted = [Accepted(c.solution_id, c.repairs, c.first_error_step) for c in corrections]
    attempts = folder.read(f"attempts/{stage}", Attempt)
    asked = {a.item_id for a in attempts}
    verdicts = folder.iterate(f"verdicts/{name}", Verdict)
    solved = {v.solution_id: problems[v.problem_id] for v in verdicts if v.solution_id in asked}
    return describe_stage(stage, attempts, solved, accepted)


def describe_stage(
    stage: str,
    attempts: Sequence[Attempt],
    problems: dict[str, Problem],
    records: Sequence[Accepted],
) -> Quality:
    """One stage's figures.

    Args:
        attempts: All of its attempts.
        problems: By item_id.
        records: Those that there are in the end; where teachers have to agree, one's word is not enough.
    """
    accepted = {record.item_id for record in records}
    asked = {a.item_id for a in attempts}
    good = [a for a in attempts if a.reason is None]
    kept = [a for a in good if a.item_id in accepted]
    refusals = Counter(a.reason for a in attempts if a.reason is not None)
    refusals["teachers_disagree"] = len({a.item_id for a in good} - accepted)
    return {
        "stage": stage,
        "acceptance": {"accepted": len(accepted), "asked": len(asked)},
        "by_level": _shares({i: problems[i].level for i in asked}, accepted),
        "by_topic": _shares({i: problems[i].topic for i in asked}, accepted),
        "rounds": dict(sorted(Counter({a.item_id: a.round for a in reversed(kept)}.values()).items())),
        "refusals": {reason: count for reason, count in refusals.most_common() if count},
        "repairs": dict(Counter(code for record in records for code in set(record.repairs)).most_common()),
        "steps": _spread([record.steps for record in records]),
        "output_tokens": _spread([a.output_tokens for a in kept if a.output_tokens]),
        "teachers": [_teacher(name, attempts, accepted) for name in dict.fromkeys(a.teacher for a in attempts)],
    }


def _shares(groups: dict[str, str | None], accepted: set[str]) -> dict[str, Share]:
    """Acceptance by level or topic; nothing where problems name none."""
    names = sorted({group for group in groups.values() if group is not None})
    items = {name: [i for i, group in groups.items() if group == name] for name in names}
    return {name: {"accepted": len(accepted.intersection(ids)), "asked": len(ids)} for name, ids in items.items()}


def _spread(values: Sequence[int]) -> Spread | None:
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def _teacher(name: str, attempts: Sequence[Attempt], items: set[str]) -> TeacherQuality:
    own = [a for a in attempts if a.teacher == name]
    accepted = sum(a.reason is None and a.item_id in items for a in own)
    usd = None if any(a.usd is None for a in own) else sum(a.usd or 0.0 for a in own)
    return {
        "teacher": name,
        "attempts": len(own),
        "accepted": accepted,
        "usd": usd,
        "usd_per_accepted": usd / accepted if usd is not None and accepted else None,
    }
