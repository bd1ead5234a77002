"""A teacher to test against: an OpenAI-compatible server with scripted faults and a ledger of all it was asked.

The answers come from a function; tokens are whitespace-separated words. A fault is a pure function of the script's
seed, the request and how often that request has come, so that a storm is the same storm on every machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from supercorrect.sandbox.batches import BatchDesk
from supercorrect.sandbox.faults import LIE, FaultScript, SlidingWindow, drip, flood
from supercorrect.sandbox.ledger import LedgerRow, Outcome, request_hash

Messages = list[dict[str, str]]
Reply = Callable[[Messages], str | None]


@dataclass(frozen=True)
class MockOptions:
    """How the server behaves.

    Attributes:
        model: The one model that `/v1/models` lists. Any name is answered, under that name.
        latency_seconds: Time between a request and its answer.
        requests_per_minute: Above it, 429 with Retry-After. None: no limit.
        rate_window_seconds: The length of the sliding window in which requests are counted.
        api_key: The only key let in. None: any.
        quota_requests: After that many answers, 429 `insufficient_quota`. None: no end.
        ledger_path: Where the ledger is written, one JSON line a request. None: it is kept in memory only.
        remembered_rows: How many of the ledger's newest rows are kept in memory. None: all.
    """

    model: str = "mock-teacher"
    latency_seconds: float = 0.0
    faults: FaultScript = field(default_factory=FaultScript)
    requests_per_minute: float | None = None
    rate_window_seconds: float = 60.0
    api_key: str | None = None
    quota_requests: int | None = None
    ledger_path: Path | None = None
    remembered_rows: int | None = None


class MockTeacher:
    """What stands behind the routes: decides each request's outcome and writes it down before it answers."""

    def __init__(self, answer: Reply, options: MockOptions) -> None:
        self.ledger: deque[LedgerRow] = deque(maxlen=options.remembered_rows)
        self._answer = answer
        self._options = options
        self._attempts: Counter[str] = Counter()
        self._answered = 0
        self._window = SlidingWindow(options.requests_per_minute, options.rate_window_seconds)
        self._ledger_file = options.ledger_path.open("a", buffering=1) if options.ledger_path else None

    async def complete(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        received_seconds = time.time()
        body = cast(dict[str, Any], await request.json())
        outcome, completion = self._decide(body, received_seconds, refusal=self.refusal(request) or self._limit())
        await self._wait(body)
        response = JSONResponse(completion) if completion else await self._failure(outcome)
        return StreamingResponse(drip(bytes(response.body))) if outcome == "drip" else response

    async def _wait(self, body: dict[str, Any]) -> None:
        script = self._options.faults
        seconds = self._options.latency_seconds
        if script.jitter_seconds:
            seconds += script.jitter_seconds * script.position(f"{request_hash(body)}:wait")
        if seconds:
            await asyncio.sleep(seconds)

    async def complete_in_batch(self, body: dict[str, Any], batch_id: str) -> tuple[int, Any]:
        """A request of a batch: its status and body. No rate limit holds there, and nobody waits."""
        outcome, completion = self._decide(body, time.time(), batch_id=batch_id)
        if completion or outcome == "broken_json":
            return 200, completion or "<html>"
        if outcome in ("reset", "slow", "stall", "flood"):
            return 500, {"error": {"message": "The server had an error.", "code": "server_error"}}
        failure = await self._failure(outcome)
        return failure.status_code, json.loads(bytes(failure.body))

    def refusal(self, request: Request) -> Outcome | None:
        """`unauthorized` for a wrong key."""
        api_key = self._options.api_key
        wrong = api_key is not None and request.headers.get("authorization") != f"Bearer {api_key}"
        return "unauthorized" if wrong else None

    def _limit(self) -> Outcome | None:
        has_quota = self._options.quota_requests is None or self._answered < self._options.quota_requests
        return "limit" if has_quota and not self._window.admit() else None

    def _decide(
        self, body: dict[str, Any], now_seconds: float, *, refusal: Outcome | None = None, batch_id: str | None = None
    ) -> tuple[Outcome, dict[str, Any] | None]:
        """What becomes of a request, written down: its outcome, and the completion that is charged for, if any."""
        asked = request_hash(body)
        self._attempts[asked] += 1
        attempt = self._attempts[asked]
        outcome = refusal or self._outcome(asked, attempt)
        completion = self._completion(body, outcome) if outcome in _CHARGED else None
        usage = completion["usage"] if completion else {"prompt_tokens": 0, "completion_tokens": 0}
        tokens = (usage["prompt_tokens"], usage["completion_tokens"])
        self._write_down(LedgerRow(asked, attempt, outcome, *tokens, now_seconds, batch_id))
        return outcome, completion

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        return JSONResponse({"object": "list", "data": [{"id": self._options.model, "object": "model"}]})

    def _outcome(self, asked: str, attempt: int) -> Outcome:
        options = self._options
        if options.quota_requests is not None and self._answered >= options.quota_requests:
            return "quota"
        return options.faults.draw(asked, attempt) or "ok"

    def _completion(self, body: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
        self._answered += 1
        text = None if outcome == "empty" else LIE if outcome == "lie" else self._answer(body["messages"])
        words = re.findall(r"\s*\S+", text or "")
        most_words = body.get("max_completion_tokens") or body.get("max_tokens") or len(words)
        finish_reason = "stop"
        if outcome == "length":
            most_words = min(most_words, len(words) // 2)
        if len(words) > most_words:
            words, finish_reason = words[:most_words], "length"
            text = "".join(words)
        message: dict[str, str | None] = {"role": "assistant", "content": text}
        if outcome == "refusal":
            message |= {"content": None, "refusal": "I cannot help with that."}
        input_tokens = sum(len(message["content"].split()) for message in body["messages"])
        return {
            "id": "chatcmpl-mock",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {
                "prompt_tokens": input_tokens,
                "completion_tokens": len(words),
                "total_tokens": input_tokens + len(words),
            },
        }

    async def _failure(self, outcome: Outcome) -> Response:
        script = self._options.faults
        match outcome:
            case "unauthorized":
                return _error(401, "invalid_api_key", "Incorrect API key provided.")
            case "quota":
                return _error(429, "insufficient_quota", "You exceeded your current quota.")
            case "limit":
                return _error(429, "rate_limit_exceeded", "Too many requests.", self._window.seconds_until_room())
            case "rate_limited":
                return _error(429, "rate_limit_exceeded", "Too many requests.", script.retry_after_seconds)
            case "server_error":
                return _error(500, "server_error", "The server had an error.")
            case "slow":
                await asyncio.sleep(script.slow_seconds)
                return _error(504, "timeout", "The upstream took too long.")
            case "stall":
                await asyncio.sleep(86_400)
                return Response(status_code=504)
            case "flood":
                return StreamingResponse(flood(), media_type="application/json")
            case "reset":
                return Response(b"{", headers={"content-length": "1000"})  # the server closes a short body's connection
            case _:
                return Response(b"<html><body>Bad gateway</body></html>", media_type="text/html")

    def _write_down(self, row: LedgerRow) -> None:
        self.ledger.append(row)
        if self._ledger_file is not None:
            self._ledger_file.write(json.dumps(asdict(row)) + "\n")


_CHARGED: frozenset[Outcome] = frozenset({"ok", "empty", "length", "refusal", "lie", "drip"})


def create_app(answer: Reply, options: MockOptions | None = None) -> Starlette:
    """The server as an ASGI app; its ledger is `app.state.ledger`, which grows; its batches `app.state.batches`.

    Args:
        answer: Gives the completion for a list of `{"role", "content"}` messages; None is sent as null.
    """
    options = options or MockOptions()
    teacher = MockTeacher(answer, options)
    desk = BatchDesk(teacher.complete_in_batch, options.faults, options.latency_seconds)
    routes = [
        Route("/v1/chat/completions", teacher.complete, methods=["POST"]),
        Route("/v1/models", teacher.models),
        Route("/health", lambda request: Response()),
        *desk.routes(lambda request: teacher.refusal(request) is None),
    ]
    app = Starlette(routes=routes)
    app.state.ledger, app.state.batches = teacher.ledger, desk.batches
    return app


def serve_app(app: Starlette, host: str, port: int) -> None:
    """Serve until a signal comes."""
    uvicorn.Server(_quiet(app, host, port)).run()


@contextmanager
def running_app(app: Starlette) -> Iterator[str]:
    """Serve from a thread of this process, on a free port; yields the base URL, `/v1` included."""
    server = uvicorn.Server(_quiet(app, "127.0.0.1", 0))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join()


def _quiet(app: Starlette, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app, host, port, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )


def _error(status_code: int, code: str, message: str, retry_after_seconds: float | None = None) -> Response:
    headers = {} if retry_after_seconds is None else {"retry-after": f"{retry_after_seconds:.3f}"}
    return JSONResponse({"error": {"message": message, "code": code}}, status_code, headers)
