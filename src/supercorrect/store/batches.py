"""Which requests were sent as a batch, written down before each step, so that no batch is ever paid for twice."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from supercorrect.store.requests import RequestStore

_TABLES = (
    "CREATE TABLE IF NOT EXISTS batches (marker PRIMARY KEY, begun_seconds, file_id, batch_id)",
    "CREATE TABLE IF NOT EXISTS batch_lines (key, marker, reply, PRIMARY KEY (key, marker))",
)


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """A batch of which at least one result has not been taken in.

    Attributes:
        marker: Our own name for it, which stands in its metadata too.
        begun_seconds: Wall-clock time at which it was first meant.
        file_id: The server's name of the uploaded requests. None: nothing has been uploaded, as far as we know.
        batch_id: The server's name of the batch. None: it was not created, as far as we know.
        keys: The requests whose results are still to come.
    """

    marker: str
    begun_seconds: float
    file_id: str | None
    batch_id: str | None
    keys: tuple[str, ...]


class BatchLog:
    """The batches of a request store, in its own file: each call is on the disk when it returns.

    A batch is open as long as one of its lines is; a line goes when its request is answered for good. An answer that
    cannot be the last word (it was cut, or empty) stays as the line's reply until then, as it has been paid for.
    """

    def __init__(self, store: RequestStore) -> None:
        self._store = store
        with store.transaction() as connection:
            for table in _TABLES:
                connection.execute(table)

    def begin(self, marker: str, keys: Collection[str]) -> None:
        """Write down that these requests are about to be sent together."""
        with self._store.transaction() as connection:
            connection.execute("INSERT INTO batches VALUES (?, ?, NULL, NULL)", (marker, time.time()))
            rows = ((key, marker) for key in keys)
            connection.executemany("INSERT INTO batch_lines VALUES (?, ?, NULL)", rows)

    def uploaded(self, marker: str, file_id: str) -> None:
        """Write down under which name the server has the requests."""
        self._set("file_id", marker, file_id)

    def created(self, marker: str, batch_id: str) -> None:
        """Write down under which name the server has the batch."""
        self._set("batch_id", marker, batch_id)

    def forget(self, marker: str) -> None:
        """Take a batch out that the server never got."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM batch_lines WHERE marker = ?", (marker,))
            connection.execute("DELETE FROM batches WHERE marker = ?", (marker,))

    def take(self, marker: str, replies: Mapping[str, str | None], finished: Collection[str]) -> None:
        """Take in what a batch has brought.

        Args:
            replies: By key, what was paid for though the request has to be sent again; None: nothing was.
            finished: Keys of requests that are answered for good.
        """
        with self._store.transaction() as connection:
            kept = ((reply, key, marker) for key, reply in replies.items() if reply is not None)
            connection.executemany("UPDATE batch_lines SET reply = ? WHERE key = ? AND marker = ?", kept)
            lost = ((key, marker) for key, reply in replies.items() if reply is None)
            connection.executemany("DELETE FROM batch_lines WHERE key = ? AND marker = ?", lost)
            connection.executemany("DELETE FROM batch_lines WHERE key = ?", ((key,) for key in finished))
            connection.execute("DELETE FROM batches WHERE marker NOT IN (SELECT marker FROM batch_lines)")

    def open_entries(self, keys: Collection[str]) -> list[BatchEntry]:
        """The batches that results to any of `keys` are still to come from, oldest first."""
        query = (
            "SELECT marker, begun_seconds, file_id, batch_id, key FROM batches JOIN batch_lines USING (marker) "
            "WHERE reply IS NULL ORDER BY begun_seconds, marker, batch_lines.rowid"
        )
        lines: dict[tuple[str, float, str | None, str | None], list[str]] = {}
        with self._store.transaction() as connection:
            for *batch, key in connection.execute(query):
                lines.setdefault(tuple(batch), []).append(key)
        wanted = set(keys)
        return [BatchEntry(*batch, tuple(own)) for batch, own in lines.items() if not wanted.isdisjoint(own)]

    def replies(self) -> dict[str, list[str]]:
        """What was paid for so far for requests that are not answered for good, oldest first."""
        found: dict[str, list[str]] = {}
        query = "SELECT key, reply FROM batch_lines WHERE reply IS NOT NULL ORDER BY rowid"
        with self._store.transaction() as connection:
            for key, reply in connection.execute(query):
                found.setdefault(key, []).append(reply)
        return found

    def _set(self, column: str, marker: str, value: str) -> None:
        with self._store.transaction() as connection:
            connection.execute(f"UPDATE batches SET {column} = ? WHERE marker = ?", (value, marker))
