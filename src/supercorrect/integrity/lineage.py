"""Whether every id in a run's records leads to a record of the run, and every request to a stored response."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

_OWN_IDS = {
    "problems": "problem_id",
    "thoughts": "thought_id",
    "solutions": "solution_id",
    "verdicts": "verdict_id",
    "corrections": "correction_id",
    "own_corrections": "own_correction_id",
    "pairs": "pair_id",
}
"""The column that names a record, by the folder in `data/` that holds its kind."""
_SAME_KIND = {"reviewed_solution_id": "solution_id", "inspector_request_key": "request_key"}
"""Columns that point to what another name stands for."""
_MOST_FAULTS_A_FILE = 5


def find_dangling(files: Mapping[str, Path], keys: Set[str]) -> Iterator[tuple[str, str]]:
    """Where an id leads nowhere, as a file's name and what is wrong in it; a few a file.

    Args:
        files: Every file of records of the run, by its path within `data/`; they have to be whole.
        keys: Of all requests whose response is stored.
    """
    known: dict[str, Set[str]] = {"request_key": keys}
    for kind, column in _OWN_IDS.items():
        own = [path for name, path in files.items() if name.partition("/")[0] == kind]
        known[column] = {str(row.get(column)) for path in own for row in _rows(path)}
    for name, path in files.items():
        for fault in _faults(path, known):
            yield name, fault


def _faults(path: Path, known: Mapping[str, Set[str]]) -> Iterable[str]:
    found: list[str] = []
    for number, row in enumerate(_rows(path), start=1):
        refused = row.get("reason") is not None  # a request that failed is stored as no answer
        for column, value in row.items():
            name = _SAME_KIND.get(column, column)
            names = None if refused and name == "request_key" else known.get(name)
            if names is not None and value is not None and str(value) not in names:
                found.append(f"line {number}: {column} {value} is nowhere in this run")
        if len(found) >= _MOST_FAULTS_A_FILE:
            break
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        yield from (row for row in map(json.loads, file) if isinstance(row, dict))
