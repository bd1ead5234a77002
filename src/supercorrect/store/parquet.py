"""Rows as a parquet file that is whole or absent; pyarrow is asked for before the work whose rows it is to hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from supercorrect.errors import ConfigError, StorageError
from supercorrect.store.files import move_into_place

CHUNK_ROWS = 1000


def write_parquet(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows beside their place, then move them into it, holding a thousand in memory at a time.

    Args:
        rows: Gone through twice: once for the types of their columns, which the first rows may leave open.

    Raises:
        ConfigError: pyarrow is missing.
        StorageError: The disk is full or failing. What stood at `path` before still stands there.
    """
    pyarrow, parquet = require_pyarrow()
    unfinished = path.with_name(f".{path.name}.unfinished")
    schema = pyarrow.schema([])
    for chunk in _chunks(rows):
        found = pyarrow.Table.from_pylist(chunk).schema
        schema = found if found == schema else pyarrow.unify_schemas([schema, found], promote_options="permissive")
    try:
        with parquet.ParquetWriter(unfinished, schema) as writer:
            for chunk in _chunks(rows):
                writer.write_table(pyarrow.Table.from_pylist(chunk, schema=schema))
        move_into_place(unfinished, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error}") from error


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(rows)
    return iter(lambda: list(islice(remaining, CHUNK_ROWS)), [])


def require_pyarrow() -> tuple[Any, Any]:
    """The modules `pyarrow` and `pyarrow.parquet`.

    Raises:
        ConfigError: They are missing.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError("writing parquet needs pyarrow; install it with: pip install 'supercorrect[data]'") from error
    return pyarrow, parquet
