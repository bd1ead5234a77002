"""What a killed run had asked and paid for, as the run that goes on finds it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from supercorrect.courier.ledger import Answer, LedgerReader, find_ledgers

_POLL_SECONDS = 0.05
_LISTING_SECONDS = 5.0


class LateAnswers:
    """Answers that came, or are yet to come, for runs on this store that are gone.

    Args:
        timeout_seconds: How long one may be waited for at most: what the request itself was given.
    """

    def __init__(self, store: Path, timeout_seconds: float) -> None:
        self.store = store
        self._kept: set[str] = set()
        self._found: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._deadline = time.monotonic() + timeout_seconds
        self._ledgers: list[LedgerReader] = []
        for path in find_ledgers(store):
            try:
                self._ledgers.append(LedgerReader(path))
            except OSError:
                continue  # its courier had nothing to say, and took it away

    async def wait_for_lists(self) -> None:
        """Return when each courier at work has said what may still come; it does so as soon as its run is gone."""
        patience = time.monotonic() + _LISTING_SECONDS
        self._read()
        while any(ledger.awaited is None for ledger in self._ledgers) and time.monotonic() < patience:
            await asyncio.sleep(_POLL_SECONDS)
            self._read()

    def __len__(self) -> int:
        """How many answers have come, or may still come."""
        awaited = sum(len(ledger.awaited or ()) for ledger in self._ledgers)
        return sum(map(len, self._found.values())) + awaited

    async def take(self, call: str) -> Answer | None:
        """An answer to a call, each only once; waits while it may still come. None: the call has to be made."""
        while not self._found[call] and self._may_come(call):
            await asyncio.sleep(_POLL_SECONDS)
            self._read()
        return self._found[call].popleft() if self._found[call] else None

    def keep(self, key: str) -> None:
        """Say that what came for a key is kept, as far as it is worth it."""
        self._kept.add(key)

    def close(self, stored: Callable[[Sequence[str]], Collection[str]]) -> None:
        """Remove each file whose courier is gone and whose answers are all kept.

        Args:
            stored: Which of some keys are in the store.
        """
        self._read()
        for ledger in self._ledgers:
            keys = {answer.key for answer in ledger.answers} - self._kept
            if ledger.awaited == set() and len(stored(list(keys))) == len(keys):
                ledger.path.unlink(missing_ok=True)
            ledger.close()

    def _may_come(self, call: str) -> bool:
        is_awaited = any(call in (ledger.awaited or ()) for ledger in self._ledgers)
        return is_awaited and time.monotonic() < self._deadline

    def _read(self) -> None:
        for ledger in self._ledgers:
            for answer in ledger.read():
                self._found[answer.call].append(answer)
