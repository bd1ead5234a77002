"""Problems to solve, from a file or from standard input: jsonl with `problem`, or one problem a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from supercorrect.errors import InputError

STANDARD_INPUT = "-"


def read_problem_lines(source: str) -> Iterator[str]:
    """The problems of a file, or of standard input where `source` is `-`, one at a time; blank lines are passed over.

    Raises:
        InputError: The file cannot be read, or a line of jsonl has no problem.
    """
    name = "standard input" if source == STANDARD_INPUT else source
    for number, line in enumerate(_read_lines(source), 1):
        if line.strip():
            yield _read_problem(line.strip(), f"{name}:{number}")


def _read_lines(source: str) -> Iterator[str]:
    try:
        if source == STANDARD_INPUT:
            yield from sys.stdin
        else:
            with Path(source).open(encoding="utf-8") as stream:
                yield from stream
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: expected a readable UTF-8 file of problems: {error}") from error


def _read_problem(line: str, place: str) -> str:
    """A line that is a JSON object has its problem in `problem`; any other is the problem itself."""
    try:
        row = json.loads(line)
    except ValueError:
        return line
    if not isinstance(row, dict):
        return line
    if not isinstance(row.get("problem"), str) or not row["problem"].strip():
        raise InputError(
            f"{place}: expected a JSON object with a text `problem`, got the keys {', '.join(row) or 'none'}"
        )
    return str(row["problem"])
