"""An HTTP transport that lets the courier hold the connections; in all else it is as any other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from supercorrect.courier.frames import CALL, LONGEST_HEAD, frame, read_frame
from supercorrect.courier.late import LateAnswers
from supercorrect.courier.launch import open_channel
from supercorrect.courier.ledger import create_ledger, release_ledger

_ENDING_SECONDS = 2.0

Frame = tuple[dict[str, Any], bytes]


class CourierTransport(httpx2.AsyncBaseTransport):
    """Hands requests to the courier, after a look at what came late for runs that are gone. First `open` it.

    Args:
        timeout_seconds: That a request may take.
        keepalive: Connections that may wait idle.
        secrets: What no file may hold.
        trust_env: Whether the environment's proxies are used.
    """

    def __init__(
        self, late: LateAnswers, *, timeout_seconds: float, keepalive: int, secrets: Sequence[str], trust_env: bool
    ) -> None:
        self._late = late
        self._hello = {
            "timeout_seconds": timeout_seconds,
            "keepalive": keepalive,
            "secrets": secrets,
            "trust_env": trust_env,
        }
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._opening = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> asyncio.StreamWriter:
        """Begin a session with the courier, or go on with the one that there is.

        Raises:
            StorageError: The disk does not take the session's ledger.
        """
        async with self._opening:
            if self._writer is None:
                path, ledger = create_ledger(self._late.store)
                try:
                    channel = open_channel(ledger)
                finally:
                    os.close(ledger)  # the courier has it; if this process is killed, it alone holds the lock
                reader, writer = await asyncio.open_connection(sock=channel, limit=LONGEST_HEAD)
                writer.write(frame(self._hello | {"path": str(path.resolve())}))
                self._writer = writer
                self._listening = asyncio.create_task(self._listen(reader, writer, path))
            return self._writer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.AsyncBaseTransport`: the courier's error is raised here by its name."""
        call = request.headers.pop(CALL)
        if (answer := await self._late.take(call)) is not None:
            return httpx2.Response(answer.status, headers=answer.headers, content=answer.body.encode())
        head, body = await self._carry(call, request)
        if "error" in head:
            raise _as_error(head["error"], head["detail"], request)
        return httpx2.Response(head["status"], headers=head["headers"], content=body)

    def keep(self, key: str) -> None:
        """Say that what came for a key is kept, as far as it is worth it."""
        self._late.keep(key)
        if self._writer is not None:
            self._writer.write(frame({"kept": key}))

    async def aclose(self) -> None:
        """End the session. The courier goes on with what is still under way, and writes it down."""
        if self._writer is None or self._listening is None:
            return
        with suppress(OSError):
            self._writer.write_eof()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening, _ENDING_SECONDS)

    async def _carry(self, call: str, request: httpx2.Request) -> Frame:
        number = next(self._numbers)
        answered: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        body = await request.aread()
        head = {"number": number, "call": call, "method": request.method, "url": str(request.url)}
        writer = await self.open()  # another, if the courier was killed
        self._waiting[number] = answered
        try:
            writer.write(frame(head | {"headers": request.headers.multi_items()}, body))
            await writer.drain()
            return await answered
        except ConnectionError as error:
            raise httpx2.ReadError(str(error), request=request) from error
        finally:
            del self._waiting[number]

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: Path) -> None:
        is_gone = False
        try:
            while said := await read_frame(reader):
                answered = self._waiting.get(said[0]["number"])
                if answered is not None and not answered.done():
                    answered.set_result(said)
            is_gone = True
        finally:
            self._writer = None
            writer.close()
            release_ledger(path, courier_is_gone=is_gone)
            for answered in self._waiting.values():
                if not answered.done():
                    answered.set_exception(ConnectionResetError("the process that carries requests has ended"))


def _as_error(name: str, detail: str, request: httpx2.Request) -> Exception:
    if name == "TimeoutError":
        return httpx2.ReadTimeout(detail, request=request)
    kind = getattr(httpx2, name, None)
    if isinstance(kind, type) and issubclass(kind, httpx2.RequestError):
        return kind(detail, request=request)
    return httpx2.TransportError(f"{name}: {detail}", request=request)
