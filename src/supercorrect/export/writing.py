"""Writing the data set of a run: one parquet file a training set, and README.md, the card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supercorrect.config import Recipe
from supercorrect.errors import InputError
from supercorrect.export.cards import describe_lineage, render_card
from supercorrect.records import Demonstration, Pair, Record
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_parquet, write_text_atomic

TRAINING_SETS: dict[str, tuple[str, type[Record]]] = {
    "hsft": ("hsft/train", Demonstration),
    "pairs": ("pairs/train", Pair),
}


def export_run(recipe: Recipe, folder: RunFolder, output: Path) -> dict[str, int]:
    """Write `hsft.parquet` (TRL's conversational columns), `pairs.parquet` where there are pairs, and the card.

    Args:
        recipe: The run's own.
        folder: The run's.
        output: A folder; files of the same names in it are replaced.

    Returns:
        Rows by training set.

    Raises:
        InputError: The run has no training set yet.
    """
    found = {name: source for name, source in TRAINING_SETS.items() if folder.data(source[0]).exists()}
    if not found:
        raise InputError(f"nothing to export: expected {folder.data('hsft/train')}; run the recipe until 'thoughts'")
    output.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    for name, (source, record_type) in found.items():
        write_parquet(output / f"{name}.parquet", _Rows(folder, source, record_type))
        rows[name] = sum(1 for _ in folder.iterate(source, record_type))
    write_text_atomic(
        output / "README.md", render_card("data_card.md.jinja", rows=rows, **describe_lineage(recipe, folder))
    )
    return rows


@dataclass(frozen=True)
class _Rows:
    """The rows of a data file, as often as they are gone through, one in memory at a time."""

    folder: RunFolder
    source: str
    record_type: type[Record]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (record.model_dump(mode="json") for record in self.folder.iterate(self.source, self.record_type))
