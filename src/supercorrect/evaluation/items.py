"""One row of an evaluation: a sample with its verdict, and what became of it; jsonl or parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from supercorrect.errors import ConfigError, StorageError
from supercorrect.grading import Grade, Grader
from supercorrect.records import Record, VerdictStatus
from supercorrect.store import require_pyarrow, write_parquet, write_records


class GradedPass(BaseModel):
    """A solution after one pass over it; `faulted` says whether the model found an error in the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    completion: str
    faulted: bool
    status: VerdictStatus
    extracted: str | None
    reason: str | None


class EvaluatedSample(Record):
    """One sample of one model for one problem.

    Attributes:
        sample_index: Which of the problem's samples, from 0.
        finish_reason: `length`: it was cut. None: unknown.
        extracted: Its answer as it is written; None: it gives none.
        reason: Why it is ungradable; None exactly where it is correct or incorrect.
        label: Whether the file that it was read from calls it right. None: that does not say.
        passes: After each pass of self-correction.
        reflexion: After Reflexion. None: not asked for.
    """

    model: str
    problem_id: str
    problem: str
    reference_answer: str
    topic: str | None
    level: str | None
    sample_index: int
    completion: str
    finish_reason: str | None
    status: VerdictStatus
    extracted: str | None
    reason: str | None
    label: bool | None = None
    passes: tuple[GradedPass, ...] = ()
    reflexion: GradedPass | None = None


def grade_texts(grader: Grader, rows: Sequence[tuple[str, str, str | None]]) -> list[Grade]:
    """Grade (completion, reference answer, failure): a failure that left no completion is ungradable."""
    grades = iter(grader.grade_many((text, reference) for text, reference, failure in rows if failure is None))
    return [next(grades) if failure is None else Grade("ungradable", reason=failure) for _, _, failure in rows]


class ItemWriter:
    """Streams rows to `OUTPUT.partial` while they come, and leaves `OUTPUT` whole at the end.

    Args:
        output: A name that ends in `.jsonl` or `.parquet`. None: nothing is written.

    Raises:
        ConfigError: It ends in something else, or parquet is wanted and pyarrow missing.
    """

    def __init__(self, output: Path | None) -> None:
        if output is not None and output.suffix not in (".jsonl", ".parquet"):
            raise ConfigError(f"--output: expected a name that ends in .jsonl or .parquet, got {output}")
        if output is not None and output.suffix == ".parquet":
            require_pyarrow()
        self._output = output
        self._partial = output.with_name(f"{output.name}.partial") if output else None

    def __enter__(self) -> Self:
        if self._partial is not None:
            try:
                self._partial.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._partial.open("w", encoding="utf-8")
            except OSError as error:
                raise StorageError(f"{self._partial}: cannot be written: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._partial is not None:
            self._stream.close()

    def add(self, rows: Iterable[EvaluatedSample]) -> None:
        """Append rows as they come."""
        if self._partial is not None:
            self._stream.writelines(row.model_dump_json() + "\n" for row in rows)
            self._stream.flush()

    def finish(self, rows: Sequence[EvaluatedSample]) -> None:
        """Write all rows, in their final order, whole or not at all."""
        if self._output is None or self._partial is None:
            return
        if self._output.suffix == ".jsonl":
            write_records(self._output, rows)
        else:
            write_parquet(self._output, [_parquet_row(row) for row in rows])
        self._partial.unlink(missing_ok=True)


def _parquet_row(row: EvaluatedSample) -> dict[str, Any]:
    """Passes are JSON text here: a column has one type, whether or not anything was corrected."""
    dumped = row.model_dump(mode="json")
    return {**dumped, "passes": json.dumps(dumped["passes"]), "reflexion": json.dumps(dumped["reflexion"])}
