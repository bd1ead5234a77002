"""Problem sets from a file of the user's, or from a function that makes them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.records import Problem, make_id

NEEDED_FIELDS = ("problem", "reference_solution", "reference_answer")


def load_problem_set(config: ProblemSetConfig, *, split: str, seed: int) -> list[Problem]:
    """The problems of one split.

    Args:
        config: Where they come from.
        split: The name that they carry from here on.
        seed: Handed to a function that makes problems.

    Raises:
        InputError: The file is missing or a row is malformed (says file:line).
        ConfigError: The function cannot be imported.
    """
    if config.make is not None:
        return _import_maker(config.make)(count=config.count, seed=seed, split=split)  # type: ignore[no-any-return]
    path = Path(config.path or "")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"problems not readable: expected a jsonl file, got {path}: {error}") from error
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    return [_read_row(line, f"{path}:{number}", split) for number, line in rows[: config.count]]


def _import_maker(name: str) -> Any:
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"problems.make: expected module:function, got {name!r}: {error}") from error


def _read_row(line: str, where: str, split: str) -> Problem:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: expected a JSON object, got {line[:80]!r}: {error}") from error
    missing = [name for name in NEEDED_FIELDS if not isinstance(row, dict) or not isinstance(row.get(name), str)]
    if missing:
        raise InputError(f"{where}: expected text fields {', '.join(NEEDED_FIELDS)}; missing: {', '.join(missing)}")
    return Problem(
        problem_id=make_id("problem", row["problem"]),
        **{name: row[name] for name in NEEDED_FIELDS},
        split=split,
        source=str(row.get("source", Path(where.rpartition(":")[0]).stem)),
        topic=_optional_text(row.get("topic")),
        level=_optional_text(row.get("level")),
    )


def _optional_text(value: object) -> str | None:
    return None if value is None else str(value)
