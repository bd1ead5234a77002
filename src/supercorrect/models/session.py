"""The asyncio side of `ask_all`: workers that ask, commits behind them, and an orderly end."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from supercorrect.budget import Budget, cost_usd
from supercorrect.config import EndpointConfig
from supercorrect.courier.late import POLL_SECONDS as LATE_POLL_SECONDS
from supercorrect.courier.late import LateAnswers
from supercorrect.errors import InterruptedRunError, SuperCorrectError
from supercorrect.models.endpoint import Access, public_url
from supercorrect.models.exchange import Exchange
from supercorrect.models.item import Item, Next
from supercorrect.models.protocol import Question
from supercorrect.models.reply import Reply
from supercorrect.models.retry import backoff_seconds
from supercorrect.models.signals import draining_on_signals
from supercorrect.models.traffic import Traffic
from supercorrect.store import StoredResponse


class ResponseKeeper(Protocol):
    """What keeps responses: the request store, or whoever keeps them by other means."""

    def append(self, responses: Sequence[StoredResponse]) -> None:
        """Commit responses."""

    def sync(self) -> None:
        """Bring to the disk what has been appended."""

    def require_free_space(self) -> None:
        """Raise StorageError while the disk can still take the answers that are on their way."""


class Session:
    """Answers a batch of requests. Make one in a running loop, for one `run`.

    It stops by draining: no new request starts, those under way get their answer, and what is answered is committed.
    The first thing that made it stop is raised at the very end.

    Args:
        late: What came, or is yet to come, for runs before this one; ours then leaves its own to the next. None: what
            is under way ends with this process.
    """

    def __init__(
        self,
        role: str,
        endpoint: EndpointConfig,
        access: Access,
        store: ResponseKeeper,
        budget: Budget,
        late: LateAnswers | None = None,
    ) -> None:
        self._role = role
        self._endpoint = endpoint
        self._late = late
        self._exchange = Exchange(role, endpoint, access, late.store if late is not None else None)
        self._traffic = Traffic(role, public_url(access.base_url), endpoint.limits)
        self._store = store
        self._budget = budget
        self._settled = asyncio.Event()
        self._stopping = asyncio.Event()
        self._deadline_seconds = math.inf
        self._error: BaseException | None = None

    async def run(self, pending: Mapping[str, Question], take: Callable[[StoredResponse], None]) -> None:
        """Answer all of `pending`; `take` gets each response once it is safe on disk: see `Commits`.

        A few workers draw from one iterator, so that 100,000 requests are not 100,000 tasks.
        """
        items = (Item(key, request, self._endpoint) for key, request in pending.items())
        commits = Commits(self._store, take)
        worker_count = min(self._endpoint.limits.max_concurrency, len(pending))
        async with self._exchange:
            with draining_on_signals(self._interrupt):
                workers = [asyncio.create_task(self._work(items, commits)) for _ in range(worker_count)]
                ends = await asyncio.gather(*workers, return_exceptions=True)
                ends += await asyncio.gather(commits.finish(), return_exceptions=True)
        for end in ends:
            if end is not None:
                self._stop(end)
        if self._error is not None:
            raise self._error

    async def _work(self, items: Iterator[Item], commits: Commits) -> None:
        try:
            for item in items:
                self._store.require_free_space()
                response = await self._answer(item)
                if response is not None:
                    commits.add(response)
                    self._keep(item)
                if self._stopping.is_set():
                    return
        except BaseException as error:
            self._stop(error)
            raise

    async def _answer(self, item: Item) -> StoredResponse | None:
        """Bring an item to its end; None: the session stops before it has anything to keep."""
        following: Next = "again"
        try:
            while following != "done":
                if following == "later" and not await self._sleep(backoff_seconds(item.attempts)):
                    break
                attempted = await self._attempt(item)
                if attempted is None:
                    break
                following = attempted
        except SuperCorrectError as error:
            self._stop(error)
        return item.response(self._role) if following == "done" or item.kept is not None else None

    def _keep(self, item: Item) -> None:
        if self._late is not None:
            self._late.keep(item.key)
            self._exchange.keep(item)

    async def _attempt(self, item: Item) -> Next | None:
        """Make one request when its turn comes; None: the session stops before that."""
        if self._late is not None and (late := await self._late_reply(item, self._late)) is not None:
            return item.take(late)
        expected_tokens = self._traffic.expected_tokens(item.most_input_tokens, item.max_tokens)
        worst_usd = cost_usd(self._endpoint.price, item.most_input_tokens, item.max_tokens) or 0.0
        async with self._traffic.gate:
            if not (await self._turn_comes(item, expected_tokens) and await self._money_comes(worst_usd)):
                return None
            started_seconds = time.monotonic()
            true_usd: float | None = 0.0
            try:
                outcome = await self._exchange.send(item, self._seconds_left())
                if isinstance(outcome, Reply):
                    true_usd = cost_usd(self._endpoint.price, outcome.input_tokens, outcome.output_tokens)
            finally:
                self._budget.settle(worst_usd, true_usd)
                self._settled.set()
        following: Next = item.take(outcome) if isinstance(outcome, Reply) else "again"
        self._traffic.take(outcome, started_seconds, expected_tokens)
        if following == "done" and isinstance(outcome, Reply) and outcome.is_unreachable:
            self._traffic.give_up(f"cannot be reached: {outcome.detail}")
        return following

    async def _late_reply(self, item: Item, late: LateAnswers) -> Reply | None:
        """What came of this very request after the run that made it was gone; waits while it may still come."""
        while (body := late.take(item.call)) is None and late.may_come(item.call):
            if not await self._sleep(LATE_POLL_SECONDS):
                return None
        if body is None:
            return None
        reply = self._exchange.read(item, body)
        self._budget.set_aside(0.0)
        self._budget.settle(0.0, cost_usd(self._endpoint.price, reply.input_tokens, reply.output_tokens))
        return reply

    async def _turn_comes(self, item: Item, expected_tokens: int) -> bool:
        """Wait for a place in the row; False: the session stops. An item with half an answer may still finish."""
        place = self._traffic.reserve(expected_tokens)
        while (wait_seconds := self._traffic.wait_seconds(place)) > 0:
            if not await self._sleep(wait_seconds):
                return False
        return item.kept is not None or not self._stopping.is_set()

    async def _money_comes(self, worst_usd: float) -> bool:
        """Wait until the budget can bear a request; False: the session stops."""
        while not self._budget.reserve(worst_usd):
            self._settled.clear()
            await self._settled.wait()
            if self._stopping.is_set():
                return False
        return True

    async def _sleep(self, seconds: float) -> bool:
        """Wait; False: the session stops, and the wait is cut short."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return True
        return False

    def _seconds_left(self) -> float:
        return max(0.0, min(self._endpoint.limits.timeout_seconds, self._deadline_seconds - time.monotonic()))

    def _interrupt(self, number: signal.Signals) -> None:
        self._stop(
            InterruptedRunError(
                f"{self._role}: stopped by {number.name}; every answer that was paid for is kept. "
                "Start the same command again to go on.",
                number,
            )
        )

    def _stop(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
            self._deadline_seconds = time.monotonic() + self._endpoint.limits.timeout_seconds
            self._stopping.set()


class Commits:
    """Takes responses to safety in two steps, so that no worker waits for the disk.

    A response is committed at once, so that a killed run has lost no more than what is under way. `take` gets it when
    the log is synced, so that nothing is used that a loss of power could take back. One sync serves all that have come
    since the last.
    """

    def __init__(self, store: ResponseKeeper, take: Callable[[StoredResponse], None]) -> None:
        self._store = store
        self._take = take
        self._unsynced: list[StoredResponse] = []
        self._syncing: asyncio.Task[None] | None = None

    def add(self, response: StoredResponse) -> None:
        """Commit a response. Raises what a sync or `take` before it has raised."""
        if response.is_kept:
            self._store.append((response,))
        self._unsynced.append(response)
        if self._syncing is not None and self._syncing.done():
            self._syncing.result()
            self._syncing = None
        if self._syncing is None:
            self._syncing = asyncio.create_task(self._sync())

    async def finish(self) -> None:
        """Return when all is synced and taken."""
        if self._syncing is not None:
            await self._syncing

    async def _sync(self) -> None:
        while batch := self._unsynced:
            self._unsynced = []
            await asyncio.to_thread(self._store.sync)
            for response in batch:
                self._take(response)
