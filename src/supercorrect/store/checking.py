"""Looking a request store through, row by row, without changing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from supercorrect.store.requests import COLUMNS, checksum_of

_MOST_FAULTS = 20


@dataclass(frozen=True)
class StoreCheck:
    """What was found in a request store.

    Attributes:
        keys: Of the responses that are as they were committed.
        faults: What is damaged, the first 20 of it.
    """

    keys: frozenset[str]
    faults: tuple[str, ...]


def check_store(path: Path) -> StoreCheck:
    """Check the file's structure, and each response against the checksum with which it was committed."""
    keys: set[str] = set()
    faults: list[str] = []
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() else "immutable=1"  # where there is no log, none is to be left behind
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True)) as connection:
            states = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_MOST_FAULTS})")]
            faults += [str(state) for state in states if state != "ok"]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables == 0:  # a run was stopped before it had made any
                return StoreCheck(frozenset(), tuple(faults))
            for *values, checksum in connection.execute(f"SELECT {','.join(COLUMNS)}, checksum FROM responses"):
                if checksum == checksum_of(values):
                    keys.add(values[0])
                else:
                    faults.append(f"the response to request {values[0]!r:.80} is not what was committed")
    except sqlite3.Error as error:
        faults.append(str(error))
    return StoreCheck(frozenset(keys), tuple(faults[:_MOST_FAULTS]))
