"""Writing the data set of a run: one parquet file a training set, and README.md, the card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supercorrect.config import Recipe
from supercorrect.errors import InputError, StorageError
from supercorrect.export.cards import describe_lineage, render_card
from supercorrect.records import Demonstration, Pair, Record
from supercorrect.run_folder import RunFolder
from supercorrect.store import move_into_place, write_text_atomic

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
    import datasets

    found = {name: source for name, source in TRAINING_SETS.items() if folder.data(source[0]).exists()}
    if not found:
        raise InputError(f"nothing to export: expected {folder.data('hsft/train')}; run the recipe until 'thoughts'")
    output.mkdir(parents=True, exist_ok=True)
    rows: dict[str, int] = {}
    for name, (source, record_type) in found.items():
        records = [record.model_dump(mode="json") for record in folder.read(source, record_type)]
        _write_data_set(output / f"{name}.parquet", datasets.Dataset.from_list(records))
        rows[name] = len(records)
    write_text_atomic(
        output / "README.md", render_card("data_card.md.jinja", rows=rows, **describe_lineage(recipe, folder))
    )
    return rows


def _write_data_set(path: Path, rows: Any) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        rows.to_parquet(str(unfinished))
        move_into_place(unfinished, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error}. Free space or choose another --output.") from error
