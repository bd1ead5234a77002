"""From a finished run to the tables and figures of the paper that its recipe asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from supercorrect.config import Recipe, TableName
from supercorrect.paper import accuracy, correction, side_by_side
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Table, render_table
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_json_atomic, write_text_atomic

TABLES: dict[TableName, Callable[[Sequence[FinishedRun]], Table]] = {
    "table2": accuracy.make_table2,
    "table3": side_by_side.make_table3,
    "table4": side_by_side.make_table4,
    "table5": correction.make_table5,
    "table6": correction.make_table6,
    "table8": accuracy.make_table8,
    "figure3": correction.make_figure3,
    "figure4": accuracy.make_figure4,
    "figure5": accuracy.make_figure5,
    "section5_4": accuracy.make_section5_4,
    "controls": accuracy.make_controls,
}
"""What makes each table, from one run or from several that are pooled."""


def table_path(folder: RunFolder, name: TableName) -> Path:
    """Where a run keeps a table; beside it stands the same as JSON."""
    return folder.root / "tables" / f"{name}.md"


def write_tables(recipe: Recipe, folder: RunFolder) -> list[Path]:
    """Write `tables/<name>.md` and `.json` for every table that the recipe asks for."""
    run, paths = FinishedRun(recipe, folder), []
    for name in recipe.tables:
        table, path = TABLES[name]([run]), table_path(folder, name)
        write_json_atomic(path.with_suffix(".json"), asdict(table))
        write_text_atomic(path, render_table(table))
        paths.append(path)
    return paths
