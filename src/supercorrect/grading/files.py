"""Grading files of any size: JSON lines in, JSON lines out, in the same order.

Rows in: `{"id", "reference_answer", "completion"}`, or `"answer"` in place of `"completion"` where the answer has been
taken out already; `"problem"` is shown to a judge; other keys are ignored. Rows out: `{"id", "status", "extracted",
"reason", "extraction_rule"}`.

The output appears whole or not at all. Until then its rows are in `OUTPUT.partial`, from which a run that was killed
goes on, if input and settings are still the same.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

from supercorrect.errors import InputError, StorageError
from supercorrect.grading.grader import Grader
from supercorrect.grading.grades import Grade
from supercorrect.grading.parallel import map_in_order
from supercorrect.store import move_into_place

CHUNK_ROWS = 64


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One row to grade; exactly one of `completion` and `answer` is None. `problem` is None where no judge needs it."""

    id: str | int
    reference_answer: str
    completion: str | None
    answer: str | None
    problem: str | None


def grade_file(
    path: Path,
    output: Path,
    grader: Grader,
    on_progress: Callable[[int, int], None] | None = None,
) -> Counter[str]:
    """Grade all rows of a file.

    Args:
        on_progress: Called with (rows done, rows in all) after each chunk; None: nobody is told.

    Returns:
        How many rows ended in each status.

    Raises:
        InputError: The file is missing, or a row is malformed (says file:line). Nothing has been graded then.
        StorageError: The output cannot be written.
    """
    digest, total = _inspect(path)
    partial, settings = output.with_name(output.name + ".partial"), output.with_name(output.name + ".partial.of")
    fingerprint = f"{digest} {grader.fingerprint}\n"
    try:
        counts = _resume(partial, settings, fingerprint)
        with partial.open("a", encoding="utf-8") as stream:
            _grade_rows(islice(read_rows(path), counts.total(), None), grader, stream, counts, total, on_progress)
        move_into_place(partial, output)
        settings.unlink()
    except OSError as error:
        raise StorageError(f"{output}: cannot be written: {error}. Free space or choose another --output.") from error
    return counts


def read_rows(path: Path) -> Iterator[GradeRow]:
    """The rows of a file.

    Raises:
        InputError: The file is missing, or a row is malformed (says file:line).
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    with stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield _parse_row(line, f"{path}:{number}")


def _parse_row(line: bytes, where: str) -> GradeRow:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: expected one JSON object a line, got {line[:60]!r}: {error}") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected a JSON object, got {type(row).__name__}")
    if not isinstance(row.get("id"), str | int) or isinstance(row.get("id"), bool):
        raise InputError(f"{where}: expected 'id' to be a string or an integer, got {row.get('id')!r:.60}")
    if ("completion" in row) == ("answer" in row):
        raise InputError(f"{where}: expected one of 'completion' and 'answer', got the keys {', '.join(sorted(row))}")
    for key in ("reference_answer", "completion" if "completion" in row else "answer"):
        if not isinstance(row.get(key), str):
            raise InputError(f"{where}: expected {key!r} to be a string, got {row.get(key)!r:.60}")
    return GradeRow(row["id"], row["reference_answer"], row.get("completion"), row.get("answer"), row.get("problem"))


def _inspect(path: Path) -> tuple[str, int]:
    """A digest of the rows, and how many there are. Every row is checked before the first is graded."""
    digest, total = hashlib.sha256(), 0
    for row in read_rows(path):
        digest.update(repr(row).encode("utf-8", "backslashreplace"))
        total += 1
    return digest.hexdigest(), total


def _resume(partial: Path, settings: Path, fingerprint: str) -> Counter[str]:
    """Keep the whole rows of an earlier run of the same work, drop everything else; the counts of what was kept."""
    if not settings.exists() or settings.read_text(encoding="utf-8") != fingerprint or not partial.exists():
        partial.unlink(missing_ok=True)
        settings.write_text(fingerprint, encoding="utf-8")
        return Counter()
    counts, kept = Counter[str](), 0
    with partial.open("rb+") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            counts[json.loads(line)["status"]] += 1
            kept += len(line)
        stream.truncate(kept)
    return counts


def _grade_rows(
    rows: Iterator[GradeRow],
    grader: Grader,
    stream: IO[str],
    counts: Counter[str],
    total: int,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    """Grade in parallel, write in order; a chunk is on disk before its progress is told."""
    chunks = iter(lambda: list(islice(rows, CHUNK_ROWS)), [])
    for chunk in map_in_order(partial(_grade_chunk, grader), chunks, grader.workers, waiting=2 * grader.workers):
        for row, grade in chunk:
            counts[grade.status] += 1
            stream.write(json.dumps(_row_out(row, grade)) + "\n")
        stream.flush()
        if on_progress is not None:
            on_progress(counts.total(), total)
    os.fsync(stream.fileno())


def _grade_chunk(grader: Grader, chunk: list[GradeRow]) -> list[tuple[GradeRow, Grade]]:
    return [(row, _grade_row(row, grader)) for row in chunk]


def _grade_row(row: GradeRow, grader: Grader) -> Grade:
    if row.completion is not None:
        return grader.grade(row.completion, row.reference_answer, row.problem)
    assert row.answer is not None
    return grader.grade_answer(row.answer, row.reference_answer, row.problem)


def _row_out(row: GradeRow, grade: Grade) -> dict[str, object]:
    return {
        "id": row.id,
        "status": grade.status,
        "extracted": grade.extracted,
        "reason": grade.reason,
        "extraction_rule": grade.extraction_rule,
    }
