"""Step-labelled sets from files: told by their columns, converted to 1-based, with a reason for what cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import InputError
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.labels import LabelError
from supercorrect.localisation.layouts import STEP_LAYOUTS, detect_step_layout
from supercorrect.problems.rows import read_rows
from supercorrect.records import Rejection


@dataclass(frozen=True)
class LabelledSet:
    """One set as it was read: `rows = solutions + rejections`.

    Attributes:
        name: The file's name without its ending, behind its folder's where several files have that name.
        layout: The publisher's layout, a name of `STEP_LAYOUTS`.
    """

    name: str
    layout: str
    path: Path
    solutions: list[LabelledSolution]
    rejections: list[Rejection]


def load_labelled_sets(paths: Sequence[Path], limit: int | None = None) -> list[LabelledSet]:
    """The sets in these files (jsonl, json with one list, parquet), in order.

    Args:
        limit: How many solutions of each set, from its beginning. None: all.

    Raises:
        InputError: A file cannot be read or is no step-labelled set, or two cannot be told apart by name.
    """
    stems = [path.stem for path in paths]
    names = [p.stem if stems.count(p.stem) == 1 else f"{p.resolve().parent.name}/{p.stem}" for p in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"--data: expected files of different names, got {', '.join(twice)} twice; rename one")
    return [_load(path, name, limit) for path, name in zip(paths, names, strict=True)]


def _load(path: Path, name: str, limit: int | None) -> LabelledSet:
    layout = ""
    solutions: list[LabelledSolution] = []
    rejections: list[Rejection] = []
    for where, row in read_rows(ProblemSetConfig(path=str(path))):
        if limit is not None and len(solutions) >= limit:
            break
        layout = layout or detect_step_layout(row, name)
        if missing := [column for column in STEP_LAYOUTS[layout].columns if column not in row]:
            raise InputError(f"{where}: expected the columns of {layout}, as in the rows before; no {missing[0]!r}")
        item_id = f"{name}/{where.rpartition(':')[2]}"
        try:
            solutions.append(STEP_LAYOUTS[layout].read(row, item_id, name))
        except LabelError as error:
            rejections.append(Rejection(stage="localisation", item_id=item_id, reason=str(error)))
        except ValueError as error:
            raise InputError(f"{where}: cannot be read as {layout}: {error}") from error
    if not solutions:
        first = f"; the first: {rejections[0].reason} ({rejections[0].item_id})" if rejections else ""
        raise InputError(f"{path}: expected step-labelled solutions, got none of {len(rejections)} rows{first}")
    return LabelledSet(name, layout, path, solutions, rejections)
