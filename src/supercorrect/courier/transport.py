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

from supercorrect.courier.frames import (
    CALL,
    LONGEST_HEAD,
    Frame,
    frame,
    headers_as_sent,
    headers_as_text,
    read_frame,
)
from supercorrect.courier.launch import open_channel
from supercorrect.courier.ledger import create_ledger, release_ledger

_ENDING_SECONDS = 2.0


class CourierTransport(httpx2.AsyncBaseTransport):
    """Hands requests to the courier. First `open` it.

    Args:
        store: Beside it stands what the courier writes down.
        timeout_seconds: That a request may take.
        keepalive: Connections that may wait idle.
        secrets: What no file may hold.
        trust_env: Whether the environment's proxies are used.
    """

    def __init__(
        self, store: Path, *, timeout_seconds: float, keepalive: int, secrets: Sequence[str], trust_env: bool
    ) -> None:
        self._store = store
        self._hello = {
            "timeout_seconds": timeout_seconds,
            "keepalive": keepalive,
            "secrets": secrets,
            "trust_env": trust_env,
        }
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Frame | None]] = {}
        self._opening = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin a session with the courier, or go on with the one that there is.

        Raises:
            StorageError: The disk does not take the session's ledger.
            SuperCorrectError: The courier cannot be started.
        """
        async with self._opening:
            if self._writer is not None:
                return
            path, ledger = create_ledger(self._store)
            try:
                channel = open_channel(ledger)
            except BaseException:
                release_ledger(path, is_over=True)
                raise
            finally:
                os.close(ledger)  # the courier has it; if this process is killed, it alone holds the lock
            reader, self._writer = await asyncio.open_connection(sock=channel, limit=LONGEST_HEAD)
            self._write(frame(self._hello | {"path": str(path)}))
            self._listening = asyncio.create_task(self._listen(reader, self._writer, path))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.AsyncBaseTransport`: the courier's error is raised here by its name."""
        number, body = next(self._numbers), await request.aread()
        head = {
            "number": number,
            "call": request.headers.pop(CALL),
            "method": request.method,
            "url": str(request.url),
            "headers": headers_as_text(request.headers.raw),
        }
        await self.open()  # another session, if the courier was killed
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._write(frame(head, body))
            replied = await self._waiting[number]
        finally:
            del self._waiting[number]
        if replied is None:
            raise httpx2.ReadError("the process that carries requests has ended", request=request)
        return _as_response(*replied, request)

    def keep(self, key: str) -> None:
        """Say that what came for a key is kept, as far as it is worth it."""
        self._write(frame({"kept": key}))

    async def aclose(self) -> None:
        """End the session. The courier goes on with what is still under way, and writes it down."""
        if self._writer is None or self._listening is None:
            return
        with suppress(OSError):
            self._writer.write_eof()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening, _ENDING_SECONDS)

    def _write(self, data: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(data)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: Path) -> None:
        is_over = False
        try:
            while said := await read_frame(reader):
                self._reply(said[0]["number"], said)
            is_over = True
        finally:
            self._writer = None
            writer.close()
            for number in self._waiting:
                self._reply(number, None)
            release_ledger(path, is_over=is_over)

    def _reply(self, number: int, said: Frame | None) -> None:
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)


def _as_response(head: dict[str, Any], body: bytes, request: httpx2.Request) -> httpx2.Response:
    if "error" not in head:
        return httpx2.Response(head["status"], headers=headers_as_sent(head["headers"]), content=body)
    name, detail = head["error"], head["detail"]
    if name == "TimeoutError":
        raise httpx2.ReadTimeout(detail, request=request)
    kind = getattr(httpx2, name, None)
    if isinstance(kind, type) and issubclass(kind, httpx2.RequestError):
        raise kind(detail, request=request)
    raise httpx2.TransportError(f"{name}: {detail}", request=request)
