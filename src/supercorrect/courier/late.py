"""What a killed run had asked and paid for, as the run that goes on finds it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

from supercorrect.courier.ledger import LedgerReader, find_ledgers, key_of
from supercorrect.errors import StorageError

POLL_SECONDS = 0.05
"""How often who waits for an answer should look."""
_LISTING_SECONDS = 5.0


class LateAnswers:
    """Answers that came, or are yet to come, for runs on this store that are gone.

    Args:
        timeout_seconds: How long one may be waited for at most: what the request itself was given.
        stored: Which of some keys are in the store.
    """

    def __init__(self, store: Path, timeout_seconds: float, stored: Callable[[Sequence[str]], Collection[str]]) -> None:
        self.store = store
        self._stored = stored
        self._kept: set[str] = set()
        self._found: dict[str, deque[str]] = {}
        self._deadline_seconds = time.monotonic() + timeout_seconds
        self._looked_seconds = 0.0
        self._ledgers: list[LedgerReader] = []
        for path in find_ledgers(store):
            with suppress(OSError):  # its courier had nothing to say, and took it away
                self._ledgers.append(LedgerReader(path))

    def __enter__(self) -> LateAnswers:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Remove each file whose courier is gone and whose answers are all kept; a later run removes what is left."""
        self._look()
        for ledger in self._ledgers:
            keys = {answer.key for answer in ledger.answers} - self._kept
            with suppress(OSError, StorageError):
                if ledger.is_over and len(self._stored(list(keys))) == len(keys):
                    ledger.path.unlink(missing_ok=True)
            ledger.close()

    async def wait_for_lists(self) -> None:
        """Return when each courier at work has said what may still come; it does so as soon as its run is gone."""
        patience_seconds = time.monotonic() + _LISTING_SECONDS
        self._look()
        while not all(ledger.is_listed for ledger in self._ledgers) and time.monotonic() < patience_seconds:
            await asyncio.sleep(POLL_SECONDS)
            self._look()

    def count(self, keys: Collection[str]) -> int:
        """How many answers to requests of these keys have come, or may still come."""
        calls = [call for call, bodies in self._found.items() for _ in bodies]
        calls += [call for ledger in self._ledgers for call in ledger.awaited]
        return sum(key_of(call) in keys for call in calls)

    def take(self, call: str) -> bytes | None:
        """The body of an answer to a call, each only once; None: none has come."""
        is_fresh = time.monotonic() - self._looked_seconds < POLL_SECONDS / 2
        if not self._found.get(call) and self._is_awaited(call) and not is_fresh:
            self._look()
        found = self._found.get(call)
        return found.popleft().encode() if found else None

    def may_come(self, call: str) -> bool:
        """Whether it is worth waiting for an answer to a call."""
        return self._is_awaited(call) and time.monotonic() < self._deadline_seconds

    def keep(self, key: str) -> None:
        """Say that what came for a key is kept, as far as it is worth it."""
        if self._ledgers:
            self._kept.add(key)

    def _is_awaited(self, call: str) -> bool:
        return any(call in ledger.awaited for ledger in self._ledgers)

    def _look(self) -> None:
        self._looked_seconds = time.monotonic()
        for ledger in self._ledgers:
            for answer in ledger.read():
                self._found.setdefault(answer.call, deque()).append(answer.body)
