"""`supercorrect parse`: a file of texts into a file of records, a line a text."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from supercorrect.errors import InputError, StorageError
from supercorrect.formats.correction import parse_correction
from supercorrect.formats.result import ParseResult
from supercorrect.formats.thought import parse_thought
from supercorrect.records import ParsedCorrection, ParsedThought

FormatKind = Literal["thought", "correction"]
_Parse = Callable[[str], ParseResult[ParsedThought | ParsedCorrection]]
_PARSE: Final[dict[FormatKind, _Parse]] = {"thought": parse_thought, "correction": parse_correction}


@dataclass
class ParseCounts:
    """How a file went: `rows` read, `ok` of them parsed, and how often each repair and failure code occurred."""

    rows: int = 0
    ok: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)


def parse_file(kind: FormatKind, path: Path, output: Path) -> ParseCounts:
    """Parse each row `{id, text}` of `path` into a row `{id, ok, record, repairs, failure}` of `output`.

    One row is in memory at a time. `output` appears whole or not at all.

    Raises:
        InputError: `path` cannot be read, or a row is not as expected (says file:line).
        StorageError: `output` cannot be written.
    """
    counts = ParseCounts()
    unfinished = output.with_name(f".{output.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("x", encoding="utf-8") as target:
            for row_id, text in _read_rows(path):
                target.write(_parsed_row(row_id, _PARSE[kind](text), counts) + "\n")
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(output)
    except OSError as error:
        message = f"{output}: cannot be written: {error.strerror}. Free space or name another file."
        raise StorageError(message) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


def _parsed_row(row_id: str | int, result: ParseResult[ParsedThought | ParsedCorrection], counts: ParseCounts) -> str:
    counts.rows += 1
    counts.ok += result.ok
    counts.repairs.update(result.repairs)
    if result.failure is not None:
        counts.failures[result.failure] += 1
    row = {
        "id": row_id,
        "ok": result.ok,
        "record": None if result.record is None else result.record.model_dump(mode="json"),
        "repairs": result.repairs,
        "failure": result.failure,
    }
    return json.dumps(row)


def _read_rows(path: Path) -> Iterator[tuple[str | int, str]]:
    """Yield id and text of each row; blank lines are passed over, fields beside the two are ignored."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read_row(line, f"{path}:{number}")
    except OSError as error:
        raise InputError(f"{path}: expected a readable jsonl file, got: {error.strerror}. Check the path.") from error


def _read_row(line: bytes, where: str) -> tuple[str | int, str]:
    try:
        row: Any = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _malformed(where, f"a line that is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise _malformed(where, f"a JSON {type(row).__name__}")
    for name, types in (("id", (str, int)), ("text", (str,))):
        if name not in row:
            raise _malformed(where, f"no field {name!r} (fields: {', '.join(sorted(row)) or 'none'})")
        if not isinstance(row[name], types) or isinstance(row[name], bool):
            raise _malformed(where, f"{name!r} of type {type(row[name]).__name__}")
    return row["id"], row["text"]


def _malformed(where: str, got: str) -> InputError:
    return InputError(
        f'{where}: expected {{"id": string or integer, "text": string}}, got {got}. Mend the line or remove it.'
    )
