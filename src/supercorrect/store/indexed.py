"""Records of a file by id: in memory is only where each one stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from supercorrect.errors import InputError
from supercorrect.store.files import parse_row

RecordType = TypeVar("RecordType", bound=BaseModel)


class IndexedRecords(Generic[RecordType]):
    """The records of a file that is not written to meanwhile; each is read when it is asked for.

    Args:
        id_of: The id of a record; a later one of the same id takes the place of an earlier one.

    Raises:
        InputError: The file is missing, or a row is not a `record_type`; the message gives file:line.
    """

    def __init__(self, path: Path, record_type: type[RecordType], id_of: Callable[[RecordType], str]) -> None:
        self._path = path
        self._type = record_type
        self._places: dict[str, int] = {}
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            raise InputError(f"{path}: expected a file of {record_type.__name__} rows, found none.") from None
        place = 0
        for number, line in enumerate(self._file, start=1):
            self._places[id_of(parse_row(line, record_type, f"{path}:{number}"))] = place
            place += len(line)

    def __getitem__(self, record_id: str) -> RecordType:
        place = self._places[record_id]
        self._file.seek(place)
        return parse_row(self._file.readline(), self._type, f"{self._path}, byte {place}")

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
