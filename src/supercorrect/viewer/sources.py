"""Which files of a run the index reads, and what it keeps of each of their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json

Fields = dict[str, Any]
"""A row of a file, as JSON."""


class IndexedRow(NamedTuple):
    """What the index keeps of a row: where it stands, what it belongs to, and what is filtered by.

    Attributes:
        name: The file's: a split, a set of errors, an arm or a stage.
        parent_id: The record that it was made from.
        label: The word that it is filtered by: a verdict, a layout, a reason.
        layout: Of a pair, made or refused.
        number: The number that it is filtered by: a step (1-based), a round, a sample.
        text: What is searched. None: nothing.
    """

    file: str
    start: int
    length: int
    kind: str
    name: str
    record_id: str
    problem_id: str | None = None
    parent_id: str | None = None
    label: str | None = None
    number: int | None = None
    topic: str | None = None
    level: str | None = None
    layout: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Source:
    """A file of the run that is indexed, and how its rows are read."""

    path: Path
    file: str
    kind: str
    name: str

    def read(self) -> Iterator[tuple[int, IndexedRow | None]]:
        """The rows, each with the place where it ends; None for one that cannot be read."""
        pick, offset = _PICKED[self.kind], 0
        with self.path.open("rb") as stream:
            for line in stream:
                begun, offset = offset, offset + len(line)
                try:
                    yield offset, IndexedRow(self.file, begun, len(line), self.kind, self.name, **pick(from_json(line)))
                except (KeyError, TypeError, ValueError, AttributeError):
                    yield offset, None


def find_sources(root: Path) -> list[Source]:
    """The files of a run that there are now, in the order of the stages."""
    found: list[Source] = []
    for kind, folder in _FOLDERS.items():
        found += [
            Source(path, str(path.relative_to(root)), kind, path.stem)
            for path in sorted((root / folder).glob("*.jsonl"))
        ]
    decisions = root / "decisions.jsonl"
    return [*found, Source(decisions, decisions.name, "decision", "decisions")] if decisions.is_file() else found


def _problem(row: Fields) -> Fields:
    return {
        "record_id": row["problem_id"],
        "problem_id": row["problem_id"],
        "topic": row.get("topic"),
        "level": row.get("level"),
        "text": f"{row['problem']}\n{row['reference_solution']}",
    }


def _thought(row: Fields) -> Fields:
    owner = row["problem_id"]
    return {"record_id": row["thought_id"], "problem_id": owner, "parent_id": owner, "text": row["completion"]}


def _solution(row: Fields) -> Fields:
    return {
        "record_id": row["solution_id"],
        "problem_id": row["problem_id"],
        "parent_id": row["problem_id"],
        "label": row["student"],
        "number": row["sample_index"],
        "text": row["completion"],
    }


def _verdict(row: Fields) -> Fields:
    return {"record_id": row["verdict_id"], "parent_id": row["solution_id"], "label": row["status"]}


def _correction(row: Fields) -> Fields:
    return {
        "record_id": row["correction_id"],
        "problem_id": row["problem_id"],
        "parent_id": row["solution_id"],
        "label": row["teacher"],
        "number": row["first_error_step"],
        "text": f"{row['cause']}\n{row['correction']}",
    }


def _own_correction(row: Fields) -> Fields:
    return {"record_id": row["own_correction_id"], "parent_id": row["correction_id"], "number": row["step"]}


def _pair(row: Fields) -> Fields:
    return {
        "record_id": row["pair_id"],
        "problem_id": row["problem_id"],
        "parent_id": row["correction_id"],
        "layout": row["layout"],
        "number": row["step"],
    }


def _attempt(row: Fields) -> Fields:
    return {
        "record_id": row["request_key"],
        "parent_id": row["item_id"],
        "label": row["reason"] or "accepted",
        "number": row["round"],
    }


def _evaluation(row: Fields) -> Fields:
    outcomes = " ".join(row.get(name) or "none" for name in ("greedy", "sampled", "corrected"))
    return {"record_id": row["arm"], "problem_id": row["problem_id"], "parent_id": row["problem_id"], "label": outcomes}


def _rejection(row: Fields) -> Fields:
    layout = row["detail"] or None if row["stage"].startswith("pairs") else None
    return {"record_id": row["item_id"], "parent_id": row["item_id"], "label": row["reason"], "layout": layout}


def _decision(row: Fields) -> Fields:
    return {"record_id": row["correction_id"], "parent_id": row["correction_id"], "label": row["action"]}


_FOLDERS = {
    "problem": "data/problems",
    "thought": "data/thoughts",
    "solution": "data/solutions",
    "verdict": "data/verdicts",
    "correction": "data/corrections",
    "own_correction": "data/own_corrections",
    "pair": "data/pairs",
    "attempt": "data/attempts",
    "evaluation": "data/evaluation",
    "rejection": "rejects",
}
_PICKED: dict[str, Callable[[Fields], Fields]] = {
    "problem": _problem,
    "thought": _thought,
    "solution": _solution,
    "verdict": _verdict,
    "correction": _correction,
    "own_correction": _own_correction,
    "pair": _pair,
    "attempt": _attempt,
    "evaluation": _evaluation,
    "rejection": _rejection,
    "decision": _decision,
}
