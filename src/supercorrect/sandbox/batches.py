"""`/v1/files` and `/v1/batches` of the mock teacher, with the batch API's states and faults; all of it in memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from supercorrect.sandbox.faults import FaultScript

Complete = Callable[[dict[str, Any], str], Awaitable[tuple[int, Any]]]


@dataclass
class Batch:
    """A batch on the server.

    Attributes:
        lines: Its requests, as they were uploaded.
        leaves_out: How many of them it expires without having answered; None: it does not expire.
        output: The lines answered with status 200.
        errors: The others.
    """

    id: str
    input_file_id: str
    metadata: dict[str, str] | None
    lines: list[dict[str, Any]]
    begun_seconds: float
    fails: bool = False
    leaves_out: set[str] | None = None
    status: str = "in_progress"
    output: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        has_ended = self.status in ("completed", "expired", "cancelled")
        failure = {"object": "list", "data": [{"code": "mock_failure", "message": "This batch fails."}]}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": int(self.begun_seconds),
            "input_file_id": self.input_file_id,
            "metadata": self.metadata,
            "status": self.status,
            "errors": failure if self.status == "failed" else None,
            "output_file_id": f"{self.id}-output" if has_ended and self.output else None,
            "error_file_id": f"{self.id}-errors" if has_ended and self.errors else None,
            "request_counts": {"total": len(self.lines), "completed": len(self.output), "failed": len(self.errors)},
        }


class BatchDesk:
    """Takes files and batches, and works on a batch when somebody looks at it: as far as its time has gone.

    Args:
        complete: Answers one request of a batch: status and body.
        latency_seconds: Time between a call and its answer.
    """

    def __init__(self, complete: Complete, script: FaultScript, latency_seconds: float) -> None:
        self.batches: dict[str, Batch] = {}
        self._files: dict[str, bytes] = {}
        self._complete = complete
        self._script = script
        self._latency_seconds = latency_seconds
        self._lock = asyncio.Lock()

    def routes(self, admits: Callable[[Request], bool]) -> list[Route]:
        """The routes, for callers that `admits` lets in."""

        def guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
            async def endpoint(request: Request) -> Response:
                if not admits(request):
                    return _error(401, "Incorrect API key provided.")
                async with self._lock:
                    response = await answer(request)
                await asyncio.sleep(self._latency_seconds)
                return response

            return endpoint

        return [
            Route("/v1/files", guarded(self.upload), methods=["POST"]),
            Route("/v1/files/{id}/content", guarded(self.content)),
            Route("/v1/batches", guarded(self.create), methods=["POST"]),
            Route("/v1/batches", guarded(self.list)),
            Route("/v1/batches/{id}", guarded(self.retrieve)),
            Route("/v1/batches/{id}/cancel", guarded(self.cancel), methods=["POST"]),
        ]

    async def upload(self, request: Request) -> Response:
        """POST /v1/files."""
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        form = message_from_bytes(head + await request.body())
        parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}  # type: ignore[union-attr]
        content = parts["file"].get_payload(decode=True)  # type: ignore[union-attr]
        file_id = f"file-{len(self._files) + 1}"
        self._files[file_id] = content  # type: ignore[assignment]
        return JSONResponse(
            {
                "id": file_id,
                "object": "file",
                "bytes": len(self._files[file_id]),
                "created_at": int(time.time()),
                "filename": parts["file"].get_filename(),  # type: ignore[union-attr]
                "purpose": "batch",
                "status": "processed",
            }
        )

    async def content(self, request: Request) -> Response:
        """GET /v1/files/{id}/content: results come in an order of their own."""
        file_id = request.path_params["id"]
        batch_id, _, kind = file_id.rpartition("-")
        if file_id in self._files:
            return Response(self._files[file_id], media_type="application/jsonl")
        batch = self.batches.get(batch_id)
        if batch is None or kind not in ("output", "errors"):
            return _error(404, f"No such File object: {file_id}")
        lines = batch.output if kind == "output" else batch.errors
        shuffled = sorted(lines, key=lambda line: self._script.position(line["custom_id"]))
        return Response("".join(json.dumps(line) + "\n" for line in shuffled), media_type="application/jsonl")

    async def create(self, request: Request) -> Response:
        """POST /v1/batches."""
        body = await request.json()
        file_id = body["input_file_id"]
        if file_id not in self._files:
            return _error(404, f"No such File object: {file_id}")
        number, script = len(self.batches) + 1, self._script
        lines = [json.loads(line) for line in self._files[file_id].splitlines()]
        batch = Batch(f"batch_{number}", file_id, body.get("metadata"), lines, time.time())
        batch.fails = number <= script.batch_failed
        if script.batch_failed < number <= script.batch_failed + script.batch_expired:
            ranked = sorted((line["custom_id"] for line in lines), key=lambda key: script.position(f"{batch.id}:{key}"))
            batch.leaves_out = set(ranked[: round(script.batch_unanswered * len(lines))])
        self.batches[batch.id] = batch
        is_lost = number <= script.batch_create_lost
        return _error(500, "The server had an error.") if is_lost else JSONResponse(batch.shown())

    async def list(self, request: Request) -> Response:
        """GET /v1/batches, newest first."""
        newest_first = list(reversed(self.batches.values()))
        after, limit = request.query_params.get("after"), int(request.query_params.get("limit", 20))
        begin = next((i + 1 for i, batch in enumerate(newest_first) if batch.id == after), 0)
        page = newest_first[begin : begin + limit]
        return JSONResponse(
            {
                "object": "list",
                "data": [batch.shown() for batch in page],
                "last_id": page[-1].id if page else None,
                "has_more": begin + limit < len(newest_first),
            }
        )

    async def retrieve(self, request: Request) -> Response:
        """GET /v1/batches/{id}."""
        batch = self.batches.get(request.path_params["id"])
        if batch is None:
            return _error(404, f"No batch found with id '{request.path_params['id']}'.")
        await self._advance(batch)
        return JSONResponse(batch.shown())

    async def cancel(self, request: Request) -> Response:
        """POST /v1/batches/{id}/cancel: what is answered by now stays."""
        batch = self.batches.get(request.path_params["id"])
        if batch is None:
            return _error(404, f"No batch found with id '{request.path_params['id']}'.")
        await self._advance(batch)
        if batch.status == "in_progress":
            batch.status = "cancelled"
        return JSONResponse(batch.shown())

    async def _advance(self, batch: Batch) -> None:
        """Answer what should have been answered by now."""
        if batch.status != "in_progress":
            return
        if batch.fails:
            batch.status = "failed"
            return
        seconds = time.time() - batch.begun_seconds
        share = min(1.0, seconds / self._script.batch_seconds) if self._script.batch_seconds else 1.0
        left_out = batch.leaves_out or set()
        while batch.done < int(share * len(batch.lines)):
            line = batch.lines[batch.done]
            batch.done += 1
            if line["custom_id"] not in left_out:
                await self._answer(batch, line)
        if batch.done == len(batch.lines):
            batch.status = "completed" if batch.leaves_out is None else "expired"
            expired = {"code": "batch_expired", "message": "This request could not be executed before it expired."}
            batch.errors += [{"custom_id": key, "response": None, "error": expired} for key in sorted(left_out)]

    async def _answer(self, batch: Batch, line: dict[str, Any]) -> None:
        status_code, body = await self._complete(line["body"], batch.id)
        response = {"status_code": status_code, "request_id": "mock", "body": body}
        answered = {"id": "batch_req", "custom_id": line["custom_id"], "response": response, "error": None}
        (batch.output if status_code == 200 else batch.errors).append(answered)


def _error(status_code: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "code": None}}, status_code)
