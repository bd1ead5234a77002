"""Files that are whole or absent: written beside their place, synced, then moved into it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from supercorrect.errors import InputError, StorageError

RecordType = TypeVar("RecordType", bound=BaseModel)


def write_text_atomic(path: Path, text: str) -> None:
    """Write a UTF-8 file that a reader sees in full or not at all, even after a crash.

    Raises:
        StorageError: The disk is full or failing. What stood at `path` before still stands there.
    """
    _write_chunks_atomic(path, (text,))


def write_json_atomic(path: Path, value: object) -> None:
    """Write a value as indented JSON, as `write_text_atomic` does."""
    write_text_atomic(path, render_json(value))


def render_json(value: object) -> str:
    """A value as the text that `write_json_atomic` writes."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def write_records(path: Path, records: Iterable[BaseModel]) -> None:
    """Write one record a line, as `write_text_atomic` does, holding one record in memory at a time."""
    write_lines_atomic(path, (record.model_dump_json() for record in records))


def write_lines_atomic(path: Path, lines: Iterable[str]) -> None:
    """Write lines, as `write_text_atomic` does, holding one in memory at a time."""
    _write_chunks_atomic(path, (line + "\n" for line in lines))


def read_records(path: Path, record_type: type[RecordType]) -> list[RecordType]:
    """Read a file of `write_records`.

    Raises:
        InputError: The file is missing, or a row is not a `record_type`; the message gives file:line.
        StorageError: The disk does not give the file back.
    """
    return list(iterate_records(path, record_type))


def iterate_records(path: Path, record_type: type[RecordType]) -> Iterator[RecordType]:
    """As `read_records`, holding one record in memory at a time."""
    try:
        with path.open("rb") as file:
            for line_number, line in enumerate(file, start=1):
                yield parse_row(line, record_type, f"{path}:{line_number}")
    except FileNotFoundError:
        raise InputError(
            f"{path}: expected a file of {record_type.__name__} rows, found none. Run the stage that writes it first."
        ) from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}.") from error


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}.") from error


def parse_row(line: bytes, record_type: type[RecordType], where: str) -> RecordType:
    """A record from its line.

    Raises:
        InputError: It is none; the message begins with `where`.
    """
    try:
        return record_type.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        got = line[:80].decode("utf-8", errors="replace").rstrip()
        raise InputError(
            f"{where}: expected a {record_type.__name__} row, got {got!r}: "
            f"{field + ': ' if field else ''}{first['msg']}. Restore the file, or run the stage that wrote it again."
        ) from None


def _write_chunks_atomic(path: Path, chunks: Iterable[str]) -> None:
    # One fixed name for the unfinished file: what a killed run leaves behind is overwritten by the next.
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(chunks)
        move_into_place(unfinished, path)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written: {error.strerror}. Free some space or choose another folder, "
            "then start the same command again; what is finished is kept."
        ) from error


def move_into_place(unfinished: Path, path: Path) -> None:
    """Bring a finished file, or a folder with all in it, to the disk, and then under its name; raises OSError.

    A folder takes the place of nothing: what stands at `path` has to be gone.
    """
    inside = sorted(unfinished.rglob("*"), reverse=True) if unfinished.is_dir() else []
    for one in (*inside, unfinished):
        if one.is_dir():
            sync_folder(one)
        else:
            with one.open("rb") as file:
                os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files a folder holds."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
