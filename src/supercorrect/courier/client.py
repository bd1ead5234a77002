"""The run's side of a session with the courier: requests go out, replies come back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from supercorrect.courier.frames import LONGEST_HEAD, Frame, frame, read_frame
from supercorrect.courier.launch import open_channel
from supercorrect.courier.ledger import create_ledger, release_ledger

_ENDING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a server answered.

    Attributes:
        headers: By their lower-case names.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


class NoReplyError(Exception):
    """Raised when a request got no answer at all.

    Attributes:
        kind: The name of the HTTP client's error.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


class Courier:
    """A session: `open` it, `post` requests, `keep` what came of them, `close` it.

    Args:
        store: Beside it stands what the courier writes down.
        base_url: What the path of each request is put behind.
        headers: Of each request.
        login: User and password.
        timeout_seconds: That a request may take.
        keepalive: Connections that may wait idle.
        secrets: What no file may hold.
        trust_env: Whether the environment's proxies are used.
    """

    def __init__(
        self,
        store: Path,
        *,
        base_url: str,
        headers: Mapping[str, str],
        login: tuple[str, str] | None,
        timeout_seconds: float,
        keepalive: int,
        secrets: Sequence[str],
        trust_env: bool,
    ) -> None:
        self._store = store
        self._hello = {
            "base_url": base_url,
            "headers": dict(headers),
            "login": login,
            "timeout_seconds": timeout_seconds,
            "keepalive": keepalive,
            "secrets": secrets,
            "trust_env": trust_env,
        }
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Frame | None]] = {}
        self._kept: list[str] = []
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

    async def post(self, path: str, body: bytes, call: str) -> HttpReply:
        """Make a request.

        Args:
            body: JSON.
            call: Its name, `KEY/ATTEMPT`, the same in every run.

        Raises:
            TimeoutError: No answer within the time limit.
            NoReplyError: The connection could not be made or broke, or the courier was killed.
            SuperCorrectError: The courier cannot be started again.
        """
        await self.open()  # another session, if the courier was killed
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._write(frame({"number": number, "call": call, "path": path, "kept": self._take_kept()}, body))
            replied = await self._waiting[number]
        finally:
            del self._waiting[number]
        if replied is None:
            raise NoReplyError("ConnectionError", "the process that carries requests has ended")
        head, content = replied
        if head.get("error") == "TimeoutError":
            raise TimeoutError(head["detail"])
        if "error" in head:
            raise NoReplyError(head["error"], head["detail"])
        return HttpReply(head["status"], dict(head["headers"]), content)

    def keep(self, key: str) -> None:
        """Say that what came for a key is kept, as far as it is worth it; the courier hears of it by the way."""
        self._kept.append(key)

    async def close(self) -> None:
        """End the session. The courier goes on with what is still under way, and writes it down."""
        if self._writer is None or self._listening is None:
            return
        self._write(frame({"kept": self._take_kept()}))
        with suppress(OSError):
            self._writer.write_eof()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening, _ENDING_SECONDS)

    def _take_kept(self) -> list[str]:
        kept, self._kept = self._kept, []
        return kept

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
