"""The server's routes: chat completions, models, health, metrics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from supercorrect.errors import InputError, SuperCorrectError
from supercorrect.grading import Grader
from supercorrect.serving.admission import Admission
from supercorrect.serving.batching import CancelledWorkError
from supercorrect.serving.chat_requests import ChatRequest, read_chat_request
from supercorrect.serving.guards import Guards, guarded, read_body
from supercorrect.serving.limits import Limits
from supercorrect.serving.meters import Meters
from supercorrect.serving.modes import listed_modes, read_mode
from supercorrect.serving.refusals import RefusedError
from supercorrect.serving.replies import WORKING, ReplyWriter, server_sent
from supercorrect.serving.solving import OnText, ReadyStudent, Solved, can_solve, solve

log = logging.getLogger(__name__)
WORKING_EVERY_SECONDS = 15.0


@dataclass(frozen=True)
class Served:
    """What is served, and within which bounds.

    Attributes:
        name: Of the plain model; the others add to it what they do.
    """

    name: str
    student: ReadyStudent
    grader: Grader
    limits: Limits


def create_app(served: Served, guards: Guards) -> Starlette:
    """The server as an ASGI app; `app.state.admission` lets it drain."""
    server = ChatServer(served)
    routes = [
        Route("/v1/chat/completions", server.complete, methods=["POST"]),
        Route("/v1/models", server.models),
        Route("/v1/models/{model:path}", server.model),
        Route("/health", server.health),
        Route("/metrics", server.metrics),
    ]
    app = guarded(routes, guards)
    app.state.admission = server.admission
    return app


class ChatServer:
    """What answers the requests. One thread works on each; the student samples for all of them together."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._executor = ThreadPoolExecutor(served.limits.concurrency, thread_name_prefix="solving")
        self._started = int(time.time())
        self.admission = Admission(served.limits)
        self._meters = Meters()
        self._meters.in_flight.set_function(lambda: self.admission.in_flight)

    async def complete(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        response = await self._complete(request)
        self._meters.requests.labels(str(response.status_code)).inc()
        return response

    async def _complete(self, request: Request) -> Response:
        served = self._served
        try:
            raw = await read_body(request, served.limits)
            chat = read_chat_request(raw, served.name, served.student.profile, served.limits)
            begun = self.admission.enter()
        except RefusedError as refused:
            return refused.response()
        reply = ReplyWriter(chat, served.student.fingerprint)
        cancelled = Event()
        if chat.stream:
            told: asyncio.Queue[str] = asyncio.Queue()
            loop = asyncio.get_running_loop()

            def tell(_: int, text: str) -> None:
                loop.call_soon_threadsafe(told.put_nowait, text)

            work = self._start(chat, cancelled, begun, tell)
            return StreamingResponse(_stream(work, told, reply, cancelled), media_type="text/event-stream")
        work = self._start(chat, cancelled, begun, None)
        watch = asyncio.create_task(_wait_until_gone(request))
        await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            cancelled.set()
        watch.cancel()
        try:
            return JSONResponse(reply.whole(await work))
        except RefusedError as refused:
            return refused.response()

    def _start(self, chat: ChatRequest, cancelled: Event, begun: float, on_text: OnText | None) -> asyncio.Task[Solved]:
        """Begin to solve; it is counted as done when it is, whether or not anybody still wants the answer."""
        if chat.asked.samples > 1:
            on_text = None

        async def work() -> Solved:
            try:
                solved = await asyncio.get_running_loop().run_in_executor(
                    self._executor, self._solve, chat, cancelled, on_text
                )
                self._meters.count(solved, time.monotonic() - begun)
                return solved
            finally:
                self.admission.leave(begun)

        return asyncio.create_task(work())

    def _solve(self, chat: ChatRequest, cancelled: Event, on_text: OnText | None) -> Solved:
        served = self._served
        try:
            return solve(chat.asked, served.student.writer(cancelled), served.grader, on_text)
        except CancelledWorkError as error:
            raise RefusedError(499, "client_gone", "The client has gone.") from error
        except RefusedError:
            raise
        except InputError as error:
            raise RefusedError(400, "cannot_be_asked", str(error)) from error
        except SuperCorrectError as error:
            log.warning("a request failed: %s", error)
            raise RefusedError(502, "student_unreachable", "The student's engine gives no answer.") from error
        except Exception as error:
            log.exception("a request failed")
            raise RefusedError(500, "student_failed", "The student failed; the server's log says why.") from error

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        student = self._served.student
        modes = listed_modes(can_correct=student.profile.correction is not None)
        names = [self._served.name + mode.suffix for mode in modes if mode.votes <= self._served.limits.samples]
        return JSONResponse({"object": "list", "data": [self._describe(name) for name in names]})

    async def model(self, request: Request) -> Response:
        """GET /v1/models/NAME."""
        name = request.path_params["model"]
        mode = read_mode(name, self._served.name)
        if mode is None or not can_solve(mode, self._served.student.profile):
            return RefusedError(404, "model_not_found", f"There is no model {name!r} here.", param="model").response()
        return JSONResponse(self._describe(name))

    def _describe(self, name: str) -> dict[str, str | int]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": "supercorrect"}

    async def health(self, request: Request) -> Response:
        """GET /health: 200, or 503 once it lets nobody in any more."""
        draining = self.admission.draining
        body = {"status": "draining" if draining else "ok", "in_flight": self.admission.in_flight}
        return JSONResponse(body, 503 if draining else 200)

    async def metrics(self, request: Request) -> Response:
        """GET /metrics."""
        return Response(self._meters.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _stream(
    work: asyncio.Task[Solved], told: asyncio.Queue[str], reply: ReplyWriter, cancelled: Event
) -> AsyncIterator[bytes]:
    """The events of a stream, as the work goes on; when the reader goes, the work ends."""
    try:
        yield reply.opening()
        while not work.done():
            news = asyncio.create_task(told.get())
            await asyncio.wait((work, news), timeout=WORKING_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                if (piece := reply.thought(news.result())) is not None:
                    yield piece
            else:
                news.cancel()
                if not work.done():
                    yield WORKING
        for event in reply.ending(await work):
            yield event
    except RefusedError as refused:
        yield server_sent(refused.body)
    finally:
        cancelled.set()


async def _wait_until_gone(request: Request) -> None:
    """Return once the client has closed the connection; its request has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
