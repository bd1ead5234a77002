"""The courier's own program, `python -P -m supercorrect.courier.process DESCRIPTOR RUN_PID`, started by `launch`.

It imports an HTTP client and little else, so that a machine short of memory ends the run and not its courier, and is in
a session of its own, so that Ctrl-C in the terminal does not reach it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from supercorrect.courier.frames import LONGEST_HEAD, frame, read_frame
from supercorrect.courier.http import open_client
from supercorrect.courier.ledger import Answer, write_answer, write_awaited, write_given_up

_POLL_SECONDS = 0.1
_STOPS = (signal.SIGINT, signal.SIGTERM)


async def serve(control: socket.socket, run_pid: int) -> None:
    """Take sessions until the run is gone; return when all that was under way is written down."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    sessions: set[asyncio.Task[None]] = set()

    def take_session() -> None:
        said, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if len(descriptors) == 2:
            session = loop.create_task(_serve_session(socket.socket(fileno=descriptors[0]), descriptors[1], gone))
            sessions.add(session)
            session.add_done_callback(sessions.discard)
        else:  # this process may have no more open files, or the run is gone
            for descriptor in descriptors:
                os.close(descriptor)
            if not said:
                gone.set()

    loop.add_reader(control, take_session)
    while not gone.is_set() and os.getppid() == run_pid:  # a fork of the run may hold its end of the socket open
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await gone.wait()
    loop.remove_reader(control)
    gone.set()
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    await asyncio.gather(*sessions, return_exceptions=True)


async def _serve_session(channel: socket.socket, ledger: int, gone: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection(sock=channel, limit=LONGEST_HEAD)
    try:
        hello = await read_frame(reader)
        if hello is not None:
            await Session(hello[0], ledger, writer).run(reader, gone)
    finally:
        writer.close()
        os.close(ledger)


class Session:
    """Carries what one session of the run asks.

    Args:
        hello: What `Courier` was given, and the `path` of the ledger.
    """

    def __init__(self, hello: dict[str, Any], ledger: int, writer: asyncio.StreamWriter) -> None:
        self._hello = hello
        self._ledger = ledger
        self._writer = writer
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._unkept: dict[str, list[Answer]] = {}
        self._secrets = [word for secret in hello["secrets"] for word in (secret, json.dumps(secret)[1:-1])]
        self._urls: dict[str, httpx2.URL] = {}
        self._is_late = False
        self._written = 0

    async def run(self, reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
        """Carry requests until the run, or this session of it, ends; then wait for what is under way."""
        hello = self._hello
        login = tuple(hello["login"]) if hello["login"] else None
        async with open_client(keepalive=hello["keepalive"], trust_env=hello["trust_env"], login=login) as client:
            client.headers.update(hello["headers"])
            taking = asyncio.create_task(self._take(reader, client))
            ending = asyncio.create_task(gone.wait())
            await asyncio.wait({taking, ending}, return_when=asyncio.FIRST_COMPLETED)
            taking.cancel()
            ending.cancel()
            self._write_down()
            self._writer.close()
            await asyncio.gather(*self._under_way, return_exceptions=True)
        if not self._written:
            Path(self._hello["path"]).unlink(missing_ok=True)

    async def _take(self, reader: asyncio.StreamReader, client: httpx2.AsyncClient) -> None:
        while said := await read_frame(reader):
            head, body = said
            for key in head["kept"]:
                self._unkept.pop(key, None)
            if "call" in head:
                task = asyncio.create_task(self._carry(head, body, client))
                self._under_way[task] = head["call"]
                task.add_done_callback(self._under_way.pop)

    async def _carry(self, head: dict[str, Any], body: bytes, client: httpx2.AsyncClient) -> None:
        try:
            async with asyncio.timeout(self._hello["timeout_seconds"]):
                request = httpx2.Request("POST", self._url(head["path"]), headers=client.headers, content=body)
                response = await client.send(request)
        except Exception as error:  # noqa: BLE001  # whatever it is, the run has to hear of it
            self._remember(head["call"], None)
            self._say({"number": head["number"], "error": type(error).__name__, "detail": str(error)})
            return
        self._remember(head["call"], self._worth_keeping(response))
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
        self._say({"number": head["number"], "status": response.status_code, "headers": headers}, response.content)

    def _url(self, path: str) -> httpx2.URL:
        if path not in self._urls:  # to read one takes a tenth of the time of a request
            self._urls[path] = httpx2.URL(self._hello["base_url"] + path)
        return self._urls[path]

    def _say(self, head: dict[str, Any], body: bytes = b"") -> None:
        if not self._is_late:
            self._writer.write(frame(head, body))

    def _remember(self, call: str, body: str | None) -> None:
        """Until the run has kept it; and where there is no run any more, on disk."""
        if self._is_late:
            with suppress(OSError):  # a full disk: the request is made again
                if body is None:
                    write_given_up(self._ledger, call)
                else:
                    self._write_answer(Answer(call, body))
        elif body is not None:
            answer = Answer(call, body)
            self._unkept.setdefault(answer.key, []).append(answer)

    def _write_down(self) -> None:
        """Put on disk what the run has not kept, and what may still come."""
        self._is_late = True
        unkept = [answer for answers in self._unkept.values() for answer in answers]
        with suppress(OSError):
            if unkept or self._under_way:
                write_awaited(self._ledger, list(self._under_way.values()))
            for answer in unkept:
                self._write_answer(answer)

    def _write_answer(self, answer: Answer) -> None:
        write_answer(self._ledger, answer)
        self._written += 1

    def _worth_keeping(self, response: httpx2.Response) -> str | None:
        """The body of a success, unless it holds a secret, as it is or as JSON spells it; no file may."""
        if not response.is_success:
            return None
        try:
            body = response.content.decode()
        except UnicodeDecodeError:
            return None
        return None if any(secret in body for secret in self._secrets) else body


def main(descriptor: int, run_pid: int) -> None:
    """Serve the run at the other end of a socket."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)  # a signal to all of a job's processes: the run drains, and needs us
    with socket.socket(fileno=descriptor) as control:
        control.setblocking(False)
        asyncio.run(serve(control, run_pid))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
