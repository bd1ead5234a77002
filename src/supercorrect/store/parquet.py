"""Rows as a parquet file that is whole or absent; pyarrow is asked for before the work whose rows it is to hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from supercorrect.errors import ConfigError, StorageError
from supercorrect.store.files import move_into_place


def write_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows beside their place, then move them into it.

    Raises:
        ConfigError: pyarrow is missing.
        StorageError: The disk is full or failing. What stood at `path` before still stands there.
    """
    pyarrow, parquet = require_pyarrow()
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        parquet.write_table(pyarrow.Table.from_pylist(rows), unfinished)
        move_into_place(unfinished, path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error}") from error


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
