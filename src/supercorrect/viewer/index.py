"""The index of a run: a SQLite cache that points into the run's files, so that a page reads only what it shows.

It stands in the user's cache folder and never changes the run. While a run goes on, a file that has changed is read
again, and no other.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from supercorrect.errors import StorageError
from supercorrect.records import PLAIN_LAYOUTS, make_id
from supercorrect.viewer.sources import IndexedRow, Source, find_sources

SCHEMA_VERSION = 2
ROWS_AT_ONCE = 2_000
CACHE_KILOBYTES = 64_000
OnProgress = Callable[[int, int], None]
"""Is told how many bytes have been read, and of how many."""
_COLUMNS = IndexedRow._fields[:-1]
_INSERT = f"INSERT INTO records (id, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})"
_CHANGES_AN_ITEM = "decision"
"""A kind of rows that changes one column of the items that it is about, and no other."""


class RunIndex:
    """What one run's files hold, by what one filters and searches for.

    Args:
        root: The run's folder.
        cache: The folder for the index's file. None: `$XDG_CACHE_HOME/supercorrect`, or a temporary folder.
    """

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        self.root = root.resolve()
        self.path = _open_cache(cache) / f"{hashlib.sha256(str(self.root).encode()).hexdigest()[:24]}.sqlite"
        self.progress: tuple[int, int] | None = (0, 1)
        self._lock = threading.Lock()
        self._create()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one committed state of the index."""
        connection = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=30)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()

    def refresh(self, on_progress: OnProgress | None = None) -> bool:
        """Read whatever has changed in the run since the last time.

        Returns:
            Whether anything had.
        """
        with self._lock:
            with self._writing() as connection:
                has_changed = self._read_changes(connection, on_progress)
            self.progress = None
        return has_changed

    def _read_changes(self, connection: sqlite3.Connection, on_progress: OnProgress | None) -> bool:
        known = {
            file: tuple(stat) for file, *stat in connection.execute("SELECT file, inode, mtime_ns, size FROM files")
        }
        sources = find_sources(self.root)
        now = {source.file: _signature(source.path) for source in sources}
        changed = [source for source in sources if known.get(source.file) != now[source.file]]
        gone = set(known) - set(now)
        for file in gone:
            _forget(connection, file)
        total, done = sum(now[source.file][2] for source in changed), 0
        for source in changed:
            for consumed in _read_source(connection, source, now[source.file]):
                self.progress = (done + consumed, total)
                if on_progress:
                    on_progress(*self.progress)
            done += now[source.file][2]
        if gone or any(source.kind != _CHANGES_AN_ITEM for source in changed):
            _link_rejected_pairs(connection)
            _run_script(connection, "items.sql")
        elif changed:
            _run_script(connection, "decided.sql")
        return bool(changed or gone)

    def read_row(self, file: str, offset: int, length: int) -> bytes:
        """A row of the run, where the index says that it stands.

        Raises:
            StorageError: It is no longer there: the run has moved on since the index was read.
        """
        try:
            with (self.root / file).open("rb") as stream:
                stream.seek(offset)
                return stream.read(length)
        except OSError as error:
            raise StorageError(f"{self.root / file}: cannot be read: {error.strerror}. Load the page again.") from error

    def remember(self, key: str, payload: str) -> None:
        """Keep something that was costly to compute."""
        with self._lock, self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO token_logps VALUES (?, ?)", (key, payload))

    def recall(self, key: str) -> str | None:
        """What was kept under this key; None: nothing."""
        with self.reading() as connection:
            row = connection.execute("SELECT payload FROM token_logps WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=60)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _create(self) -> None:
        """Make the file, or make it anew where it is damaged or of another version."""
        try:
            with self._writing() as connection:
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    _run_script(connection, "schema.sql")
        except sqlite3.DatabaseError:
            version = -1
        if version not in (0, SCHEMA_VERSION):
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self._create()


def _open_cache(cache: Path | None) -> Path:
    """A folder of this user's own that can be written to."""
    wanted = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "supercorrect"
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK):
            return wanted
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="supercorrect-"))


def _signature(path: Path) -> tuple[int, int, int]:
    """What tells a file from the one that stood there before."""
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _read_source(connection: sqlite3.Connection, source: Source, signature: tuple[int, int, int]) -> Iterator[int]:
    """Read a file into the index; yields the bytes read so far."""
    _forget(connection, source.file)
    unreadable, waiting = 0, list[IndexedRow]()
    for end, row in source.read():
        if row is None:
            unreadable += 1
        else:
            waiting.append(row)
        if len(waiting) >= ROWS_AT_ONCE:
            _insert(connection, waiting)
            waiting.clear()
            yield end
    _insert(connection, waiting)
    connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", (source.file, *signature, unreadable))


def _insert(connection: sqlite3.Connection, rows: Sequence[IndexedRow]) -> None:
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM records").fetchone()[0]
    connection.executemany(_INSERT, ((i, *row[:-1]) for i, row in enumerate(rows, first)))
    texts = ((i, row.text) for i, row in enumerate(rows, first) if row.text is not None)
    connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", texts)


def _forget(connection: sqlite3.Connection, file: str) -> None:
    connection.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM records WHERE file = ?)", (file,))
    connection.execute("DELETE FROM records WHERE file = ?", (file,))
    connection.execute("DELETE FROM files WHERE file = ?", (file,))


def _link_rejected_pairs(connection: sqlite3.Connection) -> None:
    """Say of a pair that was refused which correction, or right solution, it would have been made from.

    Its id is made of these.
    """
    refused = connection.execute(
        "SELECT id, record_id, layout FROM records WHERE kind = 'rejection' AND layout IS NOT NULL"
    ).fetchall()
    if not refused:
        return
    layouts = {layout for *_, layout in refused}
    makers = {
        make_id("pair", layout, correction, ""): correction
        for (correction,) in connection.execute("SELECT record_id FROM records WHERE kind = 'correction'")
        for layout in layouts.intersection(PLAIN_LAYOUTS)
    }
    makers |= {
        make_id("pair", layout, corrected, own): corrected
        for own, corrected in connection.execute(
            "SELECT record_id, parent_id FROM records WHERE kind = 'own_correction'"
        )
        for layout in layouts.difference(PLAIN_LAYOUTS)
    }
    linked = ((makers[pair], row) for row, pair, _ in refused if pair in makers)
    connection.executemany("UPDATE records SET parent_id = ? WHERE id = ?", linked)


def _run_script(connection: sqlite3.Connection, name: str) -> None:
    """Run a script within the transaction under way, which `executescript` would end."""
    script = (files(__package__) / name).read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        connection.execute(statement)
