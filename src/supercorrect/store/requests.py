"""Every answer that was paid for, keyed by its whole request: the checkpoint of each stage that asks a model."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import get_args

from supercorrect.errors import StorageError
from supercorrect.store.files import sync_folder
from supercorrect.store.responses import KeptStatus, StoredResponse

_LEAST_FREE_BYTES = 200_000_000
_KEYS_PER_QUERY = 500
_SCHEMA_VERSION = 1
_CACHE_KIBIBYTES, _LOG_PAGES = 32_768, 8_000
"""Keys fall anywhere in the index: its pages want room in memory, and a long log before they are written back."""
_ADVICE = {
    "SQLITE_FULL": "The disk is full: free some space, then start the same command again; every committed answer stays",
    "SQLITE_CORRUPT": "The file is damaged: put back a copy of it, or move it away and its answers are asked again",
    "SQLITE_NOTADB": "The file is no request store: put back a copy of it, or move it away",
    "SQLITE_BUSY": "Another program has the file open: close it, then start the same command again",
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a role has cost so far. None: at least one response leaves it unknown."""

    responses: int
    input_tokens: int | None
    output_tokens: int | None
    usd: float | None


COLUMNS = tuple(field.name for field in fields(StoredResponse))
_TOKEN_IDS = COLUMNS.index("token_ids")
_values_of = attrgetter(*COLUMNS)


class RequestStore:
    """A SQLite file with a write-ahead log: what `put` has returned from survives a crash of process or machine.

    That has two steps, for those who ask by the hundred: what `append` has returned from survives `kill -9`, what
    `sync` has returned from survives the loss of power. SQLite's own way to do both at once (`synchronous = FULL`)
    makes each answer wait for the disk before the next question may go out.

    Threads may share one store. The file is checked when it is opened and each row against its checksum when it is
    read, so that damage is an error and never an answer, nor a reason to pay twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with self._translated("opened"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # the log is synced by `sync`
            self._connection.execute(f"PRAGMA cache_size = {-_CACHE_KIBIBYTES}")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
            self._create_or_check_schema()
            self._log = path.with_name(f"{path.name}-wal").open("rb")
            sync_folder(path.parent)
            if (state := self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise StorageError(f"{path}: {state}. {_ADVICE['SQLITE_CORRUPT']}.")

    def __enter__(self) -> RequestStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        with self._translated("read"):
            return int(self._connection.execute("SELECT count(*) FROM responses").fetchone()[0])

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        with self._translated("closed"):
            self._log.close()
            self._connection.close()

    def get(self, key: str) -> StoredResponse | None:
        """The response to one request; None: it has not been answered yet."""
        return self.get_many((key,)).get(key)

    def get_many(self, keys: Sequence[str]) -> dict[str, StoredResponse]:
        """The responses to all of `keys` that have been answered."""
        found: dict[str, StoredResponse] = {}
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            part = keys[start : start + _KEYS_PER_QUERY]
            marks = ",".join("?" * len(part))
            query = f"SELECT {','.join(COLUMNS)}, checksum FROM responses WHERE key IN ({marks})"
            with self._translated("read"):
                rows = self._connection.execute(query, part).fetchall()
            found |= {row[0]: self._from_row(row) for row in rows}
        return found

    def put(self, response: StoredResponse) -> None:
        """Make one response safe; see `put_many`."""
        self.put_many((response,))

    def put_many(self, responses: Sequence[StoredResponse]) -> None:
        """Make responses safe, in one transaction: `append`, then `sync`."""
        self.append(responses)
        self.sync()

    def append(self, responses: Sequence[StoredResponse]) -> None:
        """Commit responses in one transaction. A key that is already answered keeps its first answer.

        Raises:
            StorageError: Nothing of this call was committed.
            ValueError: A response has an `ErrorStatus`: an error is never kept as an answer.
        """
        if errors := [response.status for response in responses if not response.is_kept]:
            raise ValueError(f"expected responses of status {get_args(KeptStatus)}, got {errors[0]!r}")
        marks = ",".join("?" * (len(COLUMNS) + 1))
        statement = f"INSERT INTO responses VALUES ({marks}) ON CONFLICT (key) DO NOTHING"
        with self._translated("written"), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(statement, map(_to_row, responses))

    def sync(self) -> None:
        """Bring to the disk itself whatever has been appended. Other threads may append meanwhile."""
        try:
            os.fsync(self._log.fileno())
        except OSError as error:
            raise self._refused("written", error) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one transaction of a table beside the responses; it is on the disk at the end."""
        with self._translated("written"), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
        self.sync()

    def usage(self) -> dict[str, Usage]:
        """What each role has cost so far, by role."""
        sums = ", ".join(
            f"CASE WHEN count({column}) = count(*) THEN sum({column}) END"
            for column in ("input_tokens", "output_tokens", "usd")
        )
        with self._translated("read"):
            rows = self._connection.execute(f"SELECT role, count(*), {sums} FROM responses GROUP BY role").fetchall()
        return {role: Usage(*counts) for role, *counts in rows}

    def spent_usd(self) -> float:
        """What all answers whose cost is known have cost."""
        with self._translated("read"):
            return float(self._connection.execute("SELECT total(usd) FROM responses").fetchone()[0])

    def require_free_space(self) -> None:
        """Raise StorageError while the disk can still take the answers that are already on their way."""
        free = shutil.disk_usage(self.path.parent).free
        if free < _LEAST_FREE_BYTES:
            raise StorageError(
                f"{self.path.parent}: expected at least {_LEAST_FREE_BYTES // 1_000_000} MB of free disk, got "
                f"{free // 1_000_000} MB; no new request is made. Free some space, then start the same command again."
            )

    def _create_or_check_schema(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS responses ({', '.join(COLUMNS)}, checksum, PRIMARY KEY (key))"
            )
            self._connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        elif version != _SCHEMA_VERSION:
            raise StorageError(
                f"{self.path}: expected a request store of version {_SCHEMA_VERSION}, got version {version}. "
                "Open it with the release that wrote it, or choose another run folder."
            )

    def _from_row(self, row: tuple[object, ...]) -> StoredResponse:
        *values, checksum = row
        if checksum != checksum_of(values):
            raise StorageError(f"{self.path}: the row of request {values[0]} is damaged. {_ADVICE['SQLITE_CORRUPT']}.")
        token_ids = values[_TOKEN_IDS]
        values[_TOKEN_IDS] = None if token_ids is None else tuple(json.loads(str(token_ids)))
        return StoredResponse(*values)  # type: ignore[arg-type]  # the checksum says that these are the very values

    @contextmanager
    def _translated(self, done: str) -> Iterator[None]:
        """Hold the lock, and say what SQLite or the disk refused as a StorageError."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise self._refused(done, error) from error

    def _refused(self, done: str, error: Exception) -> StorageError:
        name = getattr(error, "sqlite_errorname", "")
        advice = next((text for code, text in _ADVICE.items() if name.startswith(code)), "")
        return StorageError(
            f"{self.path}: the request store cannot be {done}: {error}. "
            f"{advice or 'See that the disk works and the file may be written, then start again'}."
        )


def _to_row(response: StoredResponse) -> tuple[object, ...]:
    values = list(_values_of(response))
    if response.token_ids is not None:
        values[_TOKEN_IDS] = json.dumps(response.token_ids)
    return (*values, checksum_of(values))


def checksum_of(values: Sequence[object]) -> int:
    """The checksum of a row's values, in the order of `COLUMNS`; any one damaged byte changes it."""
    return zlib.crc32("\x1f".join(value if isinstance(value, str) else repr(value) for value in values).encode())
