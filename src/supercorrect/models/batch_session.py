"""The asyncio side of `ask_all` in batches: send, wait, take in, and send again what is missing."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from supercorrect.budget import Budget
from supercorrect.config import BatchConfig, EndpointConfig
from supercorrect.errors import InterruptedRunError, SuperCorrectError, TeacherUnreachableError
from supercorrect.models.batch_book import BatchBook, SentBatch
from supercorrect.models.batch_endpoint import BatchEndpoint, not_answered
from supercorrect.models.connection import Connection
from supercorrect.models.endpoint import Access
from supercorrect.models.protocol import ChatRequest
from supercorrect.models.reply import Reply
from supercorrect.models.signals import draining_on_signals
from supercorrect.store import BatchEntry, RequestStore, StoredResponse

if TYPE_CHECKING:
    from openai.types import Batch

_LONGEST_SECOND_LOOK_SECONDS = 10.0
_MOST_FRUITLESS_ROUNDS = 2
_ENDED = ("completed", "failed", "expired", "cancelled")

Take = Callable[[StoredResponse], None]


class BatchSession:
    """Answers requests in batches. Make one in a running loop, for one `run`.

    Each step is written down before it is taken: the requests of a batch, the file, the batch. So a run that was killed
    finds its batches again, and makes no second one. An interrupted run leaves them at work on the server.

    Args:
        endpoint: With the price that batches are charged at.
    """

    def __init__(
        self, role: str, endpoint: EndpointConfig, access: Access, store: RequestStore, budget: Budget
    ) -> None:
        self._role = role
        self._poll_seconds = (endpoint.batch or BatchConfig()).poll_seconds
        self._connection = Connection(role, endpoint, access)
        self._server = BatchEndpoint(role, endpoint, self._connection, self._pause)
        self._book = BatchBook(role, endpoint, store, budget)
        self._stopping = asyncio.Event()
        self._signal = signal.SIGINT
        self._fruitless_rounds = 0

    async def run(self, pending: Mapping[str, ChatRequest], take: Take, show: Callable[[str], None]) -> None:
        """Answer all of `pending`.

        Args:
            take: Gets each response once it is safe on disk.
            show: Gets what the batches are at, in words.
        """
        entries = self._book.open(pending)
        async with self._connection:
            with draining_on_signals(self._interrupt):
                for entry in entries:
                    await self._resume(entry)
                while self._book.items:
                    self._book.plan(lambda item: len(self._server.line(item)))
                    for batch in self._book.at_work:
                        await self._submit(batch)
                    await self._follow(take, show)
                    await self._pause(0)

    async def _resume(self, entry: BatchEntry) -> None:
        """Find a batch that an earlier run has begun; one that never reached the server is forgotten."""
        batch_id = entry.batch_id
        if batch_id is None and entry.file_id is not None:
            found = await self._server.find(entry.marker, entry.file_id, entry.begun_seconds)
            if found is None:  # a request that was under way when we were killed may not have arrived yet
                await self._pause(min(_LONGEST_SECOND_LOOK_SECONDS, self._poll_seconds))
                found = await self._server.find(entry.marker, entry.file_id, entry.begun_seconds)
            batch_id = found.id if found else None
        if batch_id is None:
            self._book.log.forget(entry.marker)
        else:
            self._book.adopt(entry, batch_id)

    async def _submit(self, batch: SentBatch) -> None:
        if batch.batch_id:
            return
        await self._pause(0)
        lines = b"".join(self._server.line(self._book.items[key]) for key in batch.keys)
        file_id = await self._server.upload(batch.marker, lines)
        self._book.log.uploaded(batch.marker, file_id)
        batch.batch_id = await self._server.create(batch.marker, file_id, time.time())
        self._book.log.created(batch.marker, batch.batch_id)

    async def _follow(self, take: Take, show: Callable[[str], None]) -> None:
        """Wait until all batches have ended, and take each in as it does.

        Raises:
            TeacherUnreachableError: Again not one request was answered.
        """
        is_fruitless, detail = True, ""
        while self._book.at_work:
            for batch in list(self._book.at_work):
                remote = await self._server.retrieve(batch.batch_id)
                batch.progress = _describe(remote)
                if remote.status in _ENDED:
                    replies, detail = await self._take_in(batch, remote, take)
                    is_fruitless = is_fruitless and all(reply.status == "failed" for reply in replies.values())
            show("; ".join(batch.progress for batch in self._book.at_work))
            if self._book.at_work:
                await self._pause(self._poll_seconds)
        self._fruitless_rounds = self._fruitless_rounds + 1 if is_fruitless else 0
        if self._fruitless_rounds >= _MOST_FRUITLESS_ROUNDS and self._book.items:
            raise TeacherUnreachableError(
                f"{self._role}: {self._connection.url} answers no request of its batches; the last time: {detail}. "
                "See to the cause, then start the same command again: everything answered so far is kept."
            )

    async def _take_in(self, batch: SentBatch, remote: Batch, take: Take) -> tuple[dict[str, Reply], str]:
        """Take in what has come of a batch, whole or not; returns the replies, and why there are no more.

        Raises:
            TeacherAccessError: The account has no quota left.
            ConfigError: The endpoint knows no such model.
        """
        replies: dict[str, Reply] = {}
        refusal: SuperCorrectError | None = None
        detail = f"batch {remote.id} is {remote.status}, without this request"
        try:
            detail = self._server.read_failure(remote)
        except SuperCorrectError as error:
            refusal = error
        own = set(batch.keys)
        for line in await self._server.results(remote):
            key = line.get("custom_id")
            if key not in own or key in replies:
                continue
            try:
                replies[key] = self._server.read_result(self._book.items[key], line)
            except SuperCorrectError as error:
                refusal, replies[key] = error, not_answered(str(error))
        for response in self._book.take_in(batch, replies, detail):
            take(response)
        if refusal is not None:
            raise refusal
        return replies, next((reply.detail for reply in replies.values() if reply.status == "failed"), detail)

    async def _pause(self, seconds: float) -> None:
        """Wait; cut short by a signal.

        Raises:
            InterruptedRunError: SIGINT or SIGTERM came.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
        names = ", ".join(batch.batch_id for batch in self._book.at_work if batch.batch_id)
        raise InterruptedRunError(
            f"{self._role}: stopped by {self._signal.name}; "
            + (f"on the server goes on: {names}; the same command picks that up." if names else "nothing was sent.")
            + " Start the same command again to go on.",
            self._signal,
        )

    def _interrupt(self, number: signal.Signals) -> None:
        self._signal = number
        self._stopping.set()


def _describe(batch: Batch) -> str:
    counts = batch.request_counts
    if counts is None or not counts.total:
        return f"{batch.id} {batch.status}"
    failed = f", {counts.failed} failed" if counts.failed else ""
    return f"{batch.id} {batch.status}: {counts.completed} of {counts.total}{failed}"
