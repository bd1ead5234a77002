"""Requests that ended without an answer: never a reason not to ask again, but what a stage made of them stands."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict

from supercorrect.store.requests import RequestStore
from supercorrect.store.responses import StoredResponse

_TABLE = "CREATE TABLE IF NOT EXISTS unanswered (key PRIMARY KEY, response)"


class UnansweredLog:
    """The last failure of each request that failed, in the file of a request store.

    A run asks such a request again. A replay does not: what its rejects file says of the item is rebuilt from here.
    """

    def __init__(self, store: RequestStore) -> None:
        self._store = store
        with store.transaction() as connection:
            connection.execute(_TABLE)

    def note(self, responses: Sequence[StoredResponse]) -> None:
        """Keep failures; each takes the place of an earlier one of the same request."""
        rows = [(response.key, json.dumps(asdict(response))) for response in responses]
        with self._store.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO unanswered VALUES (?, ?)", rows)

    def find(self, keys: Collection[str]) -> dict[str, StoredResponse]:
        """The failures of those of `keys` that failed."""
        with self._store.transaction() as connection:
            rows = dict(connection.execute("SELECT key, response FROM unanswered"))
        return {key: StoredResponse(**json.loads(rows[key])) for key in keys if key in rows}
