"""All that became of one problem, read from the run's own files by the places that the index knows."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import ValidationError

from supercorrect.errors import StorageError
from supercorrect.formats import split_steps
from supercorrect.records import (
    Attempt,
    Correction,
    Decision,
    EvaluationItem,
    OwnCorrection,
    Pair,
    Problem,
    Record,
    Rejection,
    Solution,
    Thought,
    Verdict,
)
from supercorrect.viewer.index import RunIndex

RecordType = TypeVar("RecordType", bound=Record)


@dataclass(frozen=True)
class PairLine:
    """A pair, and the arm that learns from it."""

    arm: str
    pair: Pair

    @property
    def key(self) -> str:
        """What tells it from every other: arms that learn from one error have pairs of the same id."""
        return f"{self.arm}-{self.pair.pair_id}"


@dataclass(frozen=True)
class CorrectionLine:
    """A correction, with what the student said of the same steps, and the pairs that were made of both."""

    errors: str
    correction: Correction
    own: list[OwnCorrection]
    pairs: list[PairLine]
    refused_pairs: list[Rejection]
    decisions: list[Decision]

    @property
    def own_at_error(self) -> OwnCorrection | None:
        """What the student wrote behind the step that the teacher faults; None: it was not asked."""
        return next((own for own in self.own if own.step == self.correction.first_error_step), None)

    @property
    def decision(self) -> Decision | None:
        """What a person decided last."""
        return self.decisions[-1] if self.decisions else None


@dataclass(frozen=True)
class SolutionLine:
    """A solution and what came of it.

    Attributes:
        item_id: Its place in the lists.
        pairs: Where it is right: they teach leaving its steps alone.
    """

    item_id: int
    solution: Solution
    steps: list[str]
    verdict: Verdict | None
    correction: CorrectionLine | None
    attempts: list[Attempt]
    refused: list[Rejection]
    pairs: list[PairLine]


@dataclass(frozen=True)
class ControlThought:
    """A thought that a control learns from, which no other arm sees."""

    control: str
    thought: Thought
    attempts: list[Attempt]


@dataclass(frozen=True)
class Lineage:
    """A problem with all that came of it."""

    problem: Problem
    thought: Thought | None
    control_thoughts: list[ControlThought] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    refused: list[Rejection] = field(default_factory=list)
    solutions: list[SolutionLine] = field(default_factory=list)
    evaluations: list[EvaluationItem] = field(default_factory=list)


class LineageReader:
    """Reads the lineage of problems within one state of the index."""

    def __init__(self, index: RunIndex, connection: sqlite3.Connection) -> None:
        self._index = index
        self._connection = connection

    def read(self, problem_id: str) -> Lineage | None:
        """The lineage of a problem; None: the index knows no such problem."""
        items = self._connection.execute(
            "SELECT * FROM items WHERE problem_id = ? ORDER BY id", (problem_id,)
        ).fetchall()
        if not items:
            return None
        thought_row = items[0]["thought_row"]
        others = self._rows("kind = 'thought' AND parent_id = ? AND id IS NOT ?", problem_id, thought_row)
        controls = {f"thoughts_{row['name']}": row for row in others}
        attempts = self._made_from("attempt", problem_id, Attempt)
        return Lineage(
            problem=self.by_row(items[0]["problem_row"], Problem),
            thought=None if thought_row is None else self.by_row(thought_row, Thought),
            control_thoughts=[
                ControlThought(row["name"], self._parse(row, Thought), [a for a in attempts if a.stage == stage])
                for stage, row in controls.items()
            ],
            attempts=[attempt for attempt in attempts if attempt.stage not in controls],
            refused=self._made_from("rejection", problem_id, Rejection),
            solutions=[self._solution(item) for item in items if item["solution_row"] is not None],
            evaluations=self._made_from("evaluation", problem_id, EvaluationItem),
        )

    def pairs(self, problem_id: str) -> list[PairLine]:
        """The pairs of a problem, with the arm that learns from each."""
        return self._pairs("problem_id", problem_id)

    def by_row(self, row_id: int, record_type: type[RecordType]) -> RecordType:
        """The record of a row of the index."""
        return self._parse(self._rows("id = ?", row_id)[0], record_type)

    def _solution(self, item: sqlite3.Row) -> SolutionLine:
        solution_id = item["solution_id"]
        solution = self.by_row(item["solution_row"], Solution)
        return SolutionLine(
            item_id=item["id"],
            solution=solution,
            steps=[span.text for span in split_steps(solution.completion)],
            verdict=next(iter(self._made_from("verdict", solution_id, Verdict)), None),
            correction=self._correction(item["correction_row"]) if item["correction_row"] is not None else None,
            attempts=self._made_from("attempt", solution_id, Attempt),
            refused=self._made_from("rejection", solution_id, Rejection),
            pairs=self._pairs("parent_id", solution_id),
        )

    def _correction(self, row_id: int) -> CorrectionLine:
        row = self._rows("id = ?", row_id)[0]
        correction = self._parse(row, Correction)
        made = correction.correction_id
        return CorrectionLine(
            errors=row["name"],
            correction=correction,
            own=self._made_from("own_correction", made, OwnCorrection),
            pairs=self._pairs("parent_id", made),
            refused_pairs=self._made_from("rejection", made, Rejection),
            decisions=self._made_from("decision", made, Decision),
        )

    def _pairs(self, column: str, value: str) -> list[PairLine]:
        rows = self._rows(f"kind = 'pair' AND {column} = ?", value)
        return [PairLine(_arm_of(row["name"]), self._parse(row, Pair)) for row in rows]

    def _made_from(self, kind: str, parent_id: str, record_type: type[RecordType]) -> list[RecordType]:
        rows = self._rows("kind = ? AND parent_id = ?", kind, parent_id)
        return [self._parse(row, record_type) for row in rows]

    def _rows(self, where: str, *values: str | int | None) -> list[sqlite3.Row]:
        return self._connection.execute(f"SELECT * FROM records WHERE {where} ORDER BY id", values).fetchall()

    def _parse(self, row: sqlite3.Row, record_type: type[RecordType]) -> RecordType:
        line = self._index.read_row(row["file"], row["start"], row["length"])
        try:
            return record_type.model_validate_json(line)
        except ValidationError as error:
            raise StorageError(
                f"{self._index.root / row['file']}: expected a {record_type.__name__} row at byte {row['start']}; "
                "the run has moved on since it was indexed. Load the page again."
            ) from error


def _arm_of(pairs_file: str) -> str:
    """The arm that learns from a file of pairs."""
    return "cross_dpo" if pairs_file == "train" else pairs_file
