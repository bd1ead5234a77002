"""Filters, search and pages over the items of an index."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

PAGE_SIZE = 50
_COLUMNS = {
    "split": "split",
    "reached": "reached",
    "verdict": "verdict",
    "topic": "topic",
    "level": "level",
    "step": "step",
    "rounds": "rounds",
}
_NUMBERS = ("step", "rounds")
_ROWS = ("problem_row", "thought_row", "solution_row", "correction_row")
_RECORD_ID = re.compile(r"(problem|solution|correction)-[0-9a-f]{16}")


@dataclass(frozen=True)
class Filters:
    """What a list shows; an empty word means: all."""

    split: str = ""
    reached: str = ""
    verdict: str = ""
    topic: str = ""
    level: str = ""
    step: str = ""
    rounds: str = ""
    reason: str = ""
    decision: str = ""
    q: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        """The filters that a query string names."""
        return cls(**{field.name: query.get(field.name, "")[:200].strip() for field in fields(cls)})

    @property
    def query(self) -> str:
        """These filters as a query string."""
        return urlencode({name: value for name, value in vars(self).items() if value})

    def but(self, **changes: str) -> Filters:
        """These filters, some of them others."""
        return Filters(**{**vars(self), **changes})

    def where(self, connection: sqlite3.Connection) -> tuple[str, dict[str, Any]]:
        """The condition on items, and its values; what a search finds is written to a table of this connection."""
        conditions, values = ["1"], dict[str, Any]()
        for name, column in _COLUMNS.items():
            if value := getattr(self, name):
                conditions.append(f"{column} = :{name}")
                values[name] = _number(value) if name in _NUMBERS else value
        if self.reason:
            conditions.append("instr(reasons, :reason) > 0")
            values["reason"] = f"|{self.reason}|"
        if self.decision:
            conditions.append("correction_id IS NOT NULL AND coalesce(decision, 'undecided') = :decision")
            values["decision"] = self.decision
        if _RECORD_ID.fullmatch(self.q):
            conditions.append(":id IN (problem_id, solution_id, correction_id)")
            values["id"] = self.q
        elif self.q:
            connection.execute("CREATE TEMP TABLE IF NOT EXISTS found (id INTEGER PRIMARY KEY)")
            query = "INSERT OR IGNORE INTO found SELECT rowid FROM texts WHERE texts MATCH ?"
            connection.execute(query, (_search_words(self.q),))
            conditions.append(f"({' OR '.join(f'{row} IN (SELECT id FROM found)' for row in _ROWS)})")
        return " AND ".join(conditions), values


@dataclass(frozen=True)
class Page:
    """A page of items; `number` counts from 1."""

    items: list[sqlite3.Row]
    number: int
    pages: int
    total: int


def read_page(connection: sqlite3.Connection, filters: Filters, number: int) -> Page:
    """The items on a page, and how many there are in all; a page behind the last is the last."""
    where, values = filters.where(connection)
    total = connection.execute(f"SELECT count(*) FROM items WHERE {where}", values).fetchone()[0]
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(number, 1), pages)
    place = {"limit": PAGE_SIZE, "offset": (number - 1) * PAGE_SIZE}
    query = f"SELECT * FROM items WHERE {where} ORDER BY id LIMIT :limit OFFSET :offset"
    return Page(connection.execute(query, {**values, **place}).fetchall(), number, pages, total)


def read_neighbours(
    connection: sqlite3.Connection, filters: Filters, item_id: int
) -> tuple[sqlite3.Row | None, sqlite3.Row | None]:
    """The items before and behind one in a filtered list; None at its ends."""
    where, values = filters.where(connection)
    values["item"] = item_id
    ends = (("<", "DESC"), (">", "ASC"))
    queries = (f"SELECT * FROM items WHERE {where} AND id {end} :item ORDER BY id {way} LIMIT 1" for end, way in ends)
    before, behind = (connection.execute(query, values).fetchone() for query in queries)
    return before, behind


def read_facets(connection: sqlite3.Connection) -> dict[str, list[tuple[str, int]]]:
    """The words that each filter can have, with how many items of the run have them."""
    found: dict[str, list[tuple[str, int]]] = {}
    for facet, value, count in connection.execute("SELECT facet, value, items FROM facets ORDER BY rowid"):
        found.setdefault(facet, []).append((str(value), count))
    return found


def _search_words(text: str) -> str:
    """An FTS5 query for every word of a text, the last one perhaps not finished; `"` keeps words together."""
    phrases = re.findall(r'"([^"]+)"?|(\S+)', text)
    words = [(phrase or word).replace('"', "").replace("\0", "") for phrase, word in phrases]
    quoted = [f'"{word}"' for word in words if re.search(r"\w", word)]
    return " AND ".join(quoted) + "*" if quoted else '""'


def _number(value: str) -> int:
    return int(value) if re.fullmatch(r"[0-9]{1,6}", value) else -1
