"""Writing the data set of a run: one parquet file a training set, and README.md, the card."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from supercorrect.amounts import dollars
from supercorrect.config import Recipe
from supercorrect.errors import InputError, StorageError
from supercorrect.records import Demonstration, Pair, Problem, Record
from supercorrect.report.quality import compute_quality
from supercorrect.run_folder import RunFolder
from supercorrect.store import move_into_place, write_text_atomic

TRAINING_SETS: dict[str, tuple[str, type[Record]]] = {
    "hsft": ("hsft/train", Demonstration),
    "pairs": ("pairs/train", Pair),
}
DESCRIBED = ("problems", "thoughts", "corrections", "pairs")
"""Stages that the training sets were made by."""
UNUSABLE = "no_"  # begins the reasons of rows without answer, solution or problem; all other removals are overlaps


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
    write_text_atomic(output / "README.md", render_card(recipe, folder, rows))
    return rows


def _write_data_set(path: Path, rows: Any) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        rows.to_parquet(str(unfinished))
        move_into_place(unfinished, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error}. Free space or choose another --output.") from error


def push_export(output: Path, repository: str, *, private: bool = True) -> str:
    """Upload an exported folder as a data set of the Hugging Face hub, with the login that its tools use.

    Returns:
        The address of the data set.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    address = api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
    api.upload_folder(folder_path=str(output), repo_id=repository, repo_type="dataset")
    return str(address)


def render_card(recipe: Recipe, folder: RunFolder, rows: dict[str, int]) -> str:
    """The card: teachers, counts in, kept and rejected by reason, what was removed as known, licences, cost."""
    manifest = folder.read_manifest()
    problems = folder.read("problems/hsft", Problem) + folder.read("problems/errors", Problem)
    removed = manifest.stages["problems"].rejected
    page: dict[str, Any] = {
        "recipe": recipe,
        "rows": rows,
        "stages": {name: entry for name, entry in manifest.stages.items() if name in DESCRIBED},
        "removed": {reason: n for reason, n in removed.items() if not reason.startswith(UNUSABLE)},
        "sources": Counter(problem.source for problem in problems),
        "quality": [work for work in compute_quality(recipe, folder) if work["stage"] in DESCRIBED and "pairs" in rows],
        "versions": manifest.versions,
    }
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # nosec B701
    environment.filters["dollars"] = dollars
    source = (files(__package__) / "templates" / "card.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(source).render(**page)
