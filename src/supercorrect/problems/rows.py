"""The rows of a problem set, one at a time, each with where it stands: a local file, or a data set of the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError, InputError

Row = dict[str, Any]
INSTALL_HINT = "install it with: pip install 'supercorrect[data]'"


def read_rows(config: ProblemSetConfig) -> Iterator[tuple[str, Row]]:
    """Each row with its place, as `file:line`, `file:row` or `data set:row`, counted from 1.

    Raises:
        InputError: The source cannot be read, or a row is no object.
        ConfigError: Reading it needs a package that is not installed.
    """
    if config.hub is not None:
        return _hub_rows(config, config.hub)
    path = Path(config.path or "")
    if path.suffix == ".parquet":
        return _parquet_rows(path)
    return _json_rows(path) if path.suffix == ".json" else _json_lines(path)


def source_name(config: ProblemSetConfig) -> str:
    """What the set is called in records and reports: the file's name without its ending, or the hub id."""
    return config.hub if config.hub is not None else config.make or Path(config.path or "").stem


def _json_lines(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield f"{path}:{number}", _parse_line(line, f"{path}:{number}")
    except OSError as error:
        raise InputError(f"problems not readable: expected a jsonl file, got {path}: {error}") from error


def _parse_line(line: bytes, where: str) -> Row:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: expected a JSON object, got {line[:80]!r}: {error}") from error
    return _checked(row, where)


def _checked(row: object, where: str) -> Row:
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected a JSON object with the problem's columns, got {str(row)[:80]!r}")
    return row


def _json_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"problems not readable: expected one JSON list of objects in {path}: {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"{path}: expected one JSON list of objects; name a file of JSON lines .jsonl")
    for number, row in enumerate(rows, start=1):
        yield f"{path}:{number}", _checked(row, f"{path}:{number}")


def _parquet_rows(path: Path) -> Iterator[tuple[str, Row]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise ConfigError(f"{path}: reading parquet needs pyarrow; {INSTALL_HINT}") from error
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}:{number}", row
    except (OSError, ArrowException) as error:
        raise InputError(f"problems not readable: expected a parquet file, got {path}: {error}") from error


def _hub_rows(config: ProblemSetConfig, hub: str) -> Iterator[tuple[str, Row]]:
    try:
        from datasets import load_dataset
        from datasets.exceptions import DatasetsError
    except ImportError as error:
        raise ConfigError(f"{hub}: reading a hub data set needs datasets; {INSTALL_HINT}") from error
    try:
        rows = load_dataset(hub, name=config.hub_config, split=config.hub_split, revision=config.revision)
    except (OSError, ValueError, DatasetsError) as error:
        asked = f"configuration {config.hub_config}, split {config.hub_split}, revision {config.revision}"
        raise InputError(f"problems not readable: expected hub data set {hub} ({asked}): {error}") from error
    number = 0
    for batch in rows.with_format("arrow").iter(batch_size=1024):  # as stored: decoding an image fetches its URL
        for row in batch.to_pylist():
            number += 1
            yield f"{hub}:{number}", row
