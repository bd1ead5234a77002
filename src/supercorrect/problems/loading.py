"""Problem sets from files, from the hub, or from a function that makes them, as records."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.problems.answers import NO_ANSWERS, find_reference_answer, text_of, without_calculator_notes
from supercorrect.problems.layouts import ResolvedLayout, resolve_layout
from supercorrect.problems.rows import Row, read_rows, source_name
from supercorrect.problems.selection import RowFilter, enough, select
from supercorrect.records import Problem, Rejection, make_id

EVALUATION = "evaluation"
NEEDED = {
    "hsft": ("reference_answer", "reference_solution"),
    "errors": ("reference_answer", "reference_solution"),
    "held_out": ("reference_answer",),
    EVALUATION: (),
}


@dataclass(frozen=True)
class LoadedSet:
    """One set as it was read.

    Attributes:
        name: The file's name without its ending, the hub id, or the function's name.
        layout: The layout that its rows were read by.
        rows: Rows that were read, those that the recipe did not ask for included.
        rejections: Rows that were asked for and cannot be used, with the reason.
    """

    name: str
    layout: str
    rows: int
    problems: list[Problem]
    rejections: list[Rejection]


def load_problems(
    sets: Sequence[ProblemSetConfig], *, split: str, seed: int, stage: str = "problems"
) -> list[LoadedSet]:
    """The sets of one split, in the recipe's order.

    Args:
        split: `hsft`, `errors`, `held_out`, or `evaluation` for a set that training is only kept clear of. It decides
            what a row needs: the former two an answer and a solution, `held_out` an answer, `evaluation` neither.
        seed: Handed to a function that makes problems.
        stage: Named in the rejections.

    Raises:
        InputError: A source cannot be read, a row is malformed (says file:line), or nothing in a set can be used.
        ConfigError: The function cannot be imported, or a package is missing.
    """
    return [
        _make(config, split, seed) if config.make is not None else _Loading(config, split, stage).load()
        for config in sets
    ]


def _make(config: ProblemSetConfig, split: str, seed: int) -> LoadedSet:
    problems = _import_maker(config.make or "")(count=config.count, seed=seed, split=split)
    return LoadedSet(source_name(config), "own", len(problems), problems, [])


def _import_maker(name: str) -> Any:
    module, _, function = name.partition(":")
    if "" not in sys.path:
        sys.path.append("")  # the working folder, last, so that no file in it hides an installed module
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"problems.make: expected module:function, got {name!r}: {error}. "
            "The module has to be installed, or a file in the folder where the command is given."
        ) from error


class _Loading:
    """Reads one set."""

    def __init__(self, config: ProblemSetConfig, split: str, stage: str) -> None:
        self._config = config
        self._split = split
        self._stage = stage
        self._name = source_name(config)
        self._layout: ResolvedLayout | None = None

    def load(self) -> LoadedSet:
        """Read rows until enough are found, and take those that the recipe asks for."""
        problems: list[Problem] = []
        rejections: list[Rejection] = []
        chosen, rows = RowFilter(self._config), 0
        for where, row in read_rows(self._config):
            rows += 1
            layout = self._layout = self._layout or self._resolve(row)
            if not chosen.takes(
                self._optional(row, layout, "level", where), self._optional(row, layout, "topic", where)
            ):
                continue
            outcome = self._read(row, layout, where)
            (problems if isinstance(outcome, Problem) else rejections).append(outcome)  # type: ignore[arg-type]
            if enough(len(problems), self._config):
                break
        self._check_use(rows, chosen, problems, rejections)
        layout_name = self._layout.name if self._layout else "none"
        return LoadedSet(self._name, layout_name, rows, select(problems, self._config), rejections)

    def _resolve(self, row: Row) -> ResolvedLayout:
        layout = resolve_layout(self._config, row, self._name)
        for field in NEEDED[self._split]:
            if field not in layout.columns and not (
                field == "reference_answer" and "reference_solution" in layout.columns
            ):
                raise InputError(
                    f"{self._name}: {self._split} needs a {field.replace('_', ' ')} in each row; layout {layout.name} "
                    f"finds none in the columns {', '.join(map(str, row))}; map `columns.{field}`"
                    + ("; without it the set can only serve held_out" if field == "reference_solution" else "")
                )
        return layout

    def _read(self, row: Row, layout: ResolvedLayout, where: str) -> Problem | Rejection:
        """One row as a problem, or why it is none."""
        problem = self._needed(row, layout, "problem", where)
        solution = self._needed(row, layout, "reference_solution", where) or ""
        answer = self._needed(row, layout, "reference_answer", where) or ""
        if layout.calculator_notes:
            solution = without_calculator_notes(solution)
        answer = answer.strip()
        if answer.casefold() in NO_ANSWERS:
            answer = find_reference_answer(solution)
        if problem is None:
            return self._reject(make_id("row", self._name, where.rpartition(":")[2]), "no_problem", where)
        options = _fill(row, layout.columns.get("options", ()))
        if isinstance(options, list | tuple):
            problem = "\n".join([problem, *map(str, options)])
        problem_id = make_id("problem", problem)
        for reason, text in (("reference_answer", answer), ("reference_solution", solution)):
            if reason in NEEDED[self._split] and not text.strip():
                return self._reject(problem_id, f"no_{reason}", where, solution[-160:] or problem[:160])
        return Problem(
            problem_id=problem_id,
            problem=problem,
            reference_solution=solution,
            reference_answer=answer,
            split=self._split,
            source=self._optional(row, layout, "source", where) or self._name,
            topic=self._optional(row, layout, "topic", where),
            level=self._optional(row, layout, "level", where),
        )

    def _reject(self, item_id: str, reason: str, where: str, text: str = "") -> Rejection:
        """The detail names the set, not its folder: a set that is moved elsewhere gives the same record."""
        detail = f"{self._split}: {self._name}:{where.rpartition(':')[2]}: {text}".removesuffix(": ")
        return Rejection(stage=self._stage, item_id=item_id, reason=reason, detail=detail)

    def _needed(self, row: Row, layout: ResolvedLayout, field: str, where: str) -> str | None:
        """A field whose column every row must have, even if there is nothing in it."""
        columns = layout.columns.get(field, ())
        if columns and not any(column in row for column in columns):
            raise InputError(
                f"{where}: expected {field} in column {' or '.join(columns)}, as in the rows before; "
                f"found: {', '.join(map(str, row)) or 'none'}"
            )
        return self._optional(row, layout, field, where)

    def _optional(self, row: Row, layout: ResolvedLayout, field: str, where: str) -> str | None:
        try:
            return text_of(_fill(row, layout.columns.get(field, ())))
        except ValueError as error:
            raise InputError(f"{where}: {field}: expected text: {error}") from error

    def _check_use(self, rows: int, chosen: RowFilter, problems: list[Problem], rejections: list[Rejection]) -> None:
        if rows and not chosen.passed:
            raise InputError(
                f"{self._name}: none of its {rows} rows is of levels {self._config.levels} and topics "
                f"{self._config.topics}; found: {chosen.describe_seen()}"
            )
        if rejections and not problems:
            raise InputError(
                f"{self._name}: none of {len(rejections)} rows can be used as {self._split}; the first: "
                f"{rejections[0].reason} ({rejections[0].detail}); name another `layout`, or map `columns`"
            )
        if problems and len(problems) <= self._config.skip:
            raise InputError(f"{self._name}: skip {self._config.skip} leaves none of its {len(problems)} problems")


def _fill(row: Row, columns: Sequence[str]) -> object:
    """The first of these columns that has anything in it."""
    values = (row.get(column) for column in columns)
    return next((value for value in values if value is not None and value != "" and value != []), None)
