"""The steps of `/v1/files` and `/v1/batches`, each tried again until it works or there is no hope."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from supercorrect.config import EndpointConfig
from supercorrect.errors import ConfigError, TeacherUnreachableError
from supercorrect.models.connection import Connection
from supercorrect.models.exchange import NEW_LIMIT_NAME
from supercorrect.models.item import Item
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.retry import backoff_seconds

if TYPE_CHECKING:
    from openai.types import Batch

_Result = TypeVar("_Result")
_MARKER_NAME = "supercorrect_batch"
_URL: Final = "/v1/chat/completions"
_CLOCK_SKEW_SECONDS = 86_400


class BatchEndpoint:
    """Speaks the batch protocol over an open connection.

    Args:
        pause: Waits so many seconds; raises when the run is to stop.
    """

    def __init__(
        self, role: str, endpoint: EndpointConfig, connection: Connection, pause: Callable[[float], Awaitable[None]]
    ) -> None:
        self._role = role
        self._model = endpoint.served_model or endpoint.model
        self._limits = endpoint.limits
        self._connection = connection
        self._pause = pause
        self._limit_name = "max_tokens"

    def line(self, item: Item) -> bytes:
        """An item's next attempt, as a line of a batch."""
        body = item.body(self._limit_name)
        return json.dumps({"custom_id": item.key, "method": "POST", "url": _URL, "body": body}).encode() + b"\n"

    async def upload(self, marker: str, lines: bytes) -> str:
        """Put the requests on the server; returns the file's id."""
        file = (f"supercorrect_{marker}.jsonl", lines, "application/jsonl")
        files, headers = self._connection.client.files, self._connection.headers
        uploaded = await self._call(lambda: files.create(file=file, purpose="batch", extra_headers=headers), "/files")
        return uploaded.id

    async def create(self, marker: str, file_id: str, begun_seconds: float) -> str:
        """Start a batch; returns its id. After a failure it is looked for first: it may have been created."""
        batches, headers = self._connection.client.batches, self._connection.headers
        is_first = True

        async def find_or_create() -> str:
            nonlocal is_first
            found = None if is_first else await self.find(marker, file_id, begun_seconds)
            is_first = False
            created = found or await batches.create(
                completion_window="24h",
                endpoint=_URL,
                input_file_id=file_id,
                metadata={_MARKER_NAME: marker},
                extra_headers=headers,
            )
            return created.id

        return await self._call(find_or_create, "/batches")

    async def find(self, marker: str, file_id: str, begun_seconds: float) -> Batch | None:
        """The batch that has been made of an upload, if there is one. Batches are listed newest first."""

        async def look() -> Batch | None:
            listed = self._connection.client.batches.list(limit=100, extra_headers=self._connection.headers)
            async for batch in listed:
                if batch.input_file_id == file_id or (batch.metadata or {}).get(_MARKER_NAME) == marker:
                    return batch
                if batch.created_at < begun_seconds - _CLOCK_SKEW_SECONDS:
                    break
            return None

        return await self._call(look, "/batches")

    async def retrieve(self, batch_id: str) -> Batch:
        """How a batch is doing; a server that cannot be reached for a while is waited for."""
        batches, headers = self._connection.client.batches, self._connection.headers
        return await self._call(
            lambda: batches.retrieve(batch_id, extra_headers=headers),
            f"batch {batch_id}: was it made with another account or base_url? Without `batch` in the recipe, its "
            "requests are asked one by one, and paid again",
            is_patient=True,
        )

    async def results(self, batch: Batch) -> list[dict[str, Any]]:
        """The lines of a batch's output and error files, as far as they are lines."""
        lines: list[dict[str, Any]] = []
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            lines += _read_lines(await self._content(file_id))
        return lines

    async def _content(self, file_id: str) -> bytes:
        files, headers = self._connection.client.files, self._connection.headers
        found = await self._call(
            lambda: files.content(file_id, extra_headers=headers), f"results {file_id}", is_patient=True
        )
        return found.content

    def read_result(self, item: Item, line: dict[str, Any]) -> Reply:
        """What a line says of its request.

        Raises:
            TeacherAccessError: The account has no quota left.
            ConfigError: The endpoint knows no such model.
        """
        response = line.get("response")
        if not isinstance(response, dict):
            return not_answered(self._connection.redacted(json.dumps(line.get("error"))))
        body = json.dumps(response.get("body"))
        if response.get("status_code") == 200:
            reply = item.request.read(body.encode(), self._model)
            return replace(reply, detail=self._connection.redacted(reply.detail)) if reply.detail else reply
        if self._limit_name == "max_tokens" and NEW_LIMIT_NAME in body:
            self._limit_name = NEW_LIMIT_NAME  # and the rest of this batch fails alike, free of charge
        if NEW_LIMIT_NAME in body:
            return not_answered(self._connection.redacted(body))
        outcome = self._connection.read_status(int(response.get("status_code") or 500), {}, body)
        return not_answered(outcome.detail) if isinstance(outcome, RateLimited) else outcome

    def read_failure(self, batch: Batch) -> str:
        """Why a batch has no results, in words.

        Raises:
            TeacherAccessError: The account has no quota left.
        """
        errors = (batch.errors.data if batch.errors else None) or []
        detail = "; ".join(f"{error.code}: {error.message}" for error in errors)
        if batch.status == "failed":
            self._connection.read_status(400, {}, detail)
        return self._connection.redacted(f"batch {batch.id} is {batch.status}" + (f" ({detail})" if detail else ""))

    async def _call(self, make: Callable[[], Awaitable[_Result]], what: str, *, is_patient: bool = False) -> _Result:
        """Take one step, again if need be.

        Args:
            what: What is not there if the server says 404.
            is_patient: Whether to go on for as long as a rate limit may hold up a stage, not for a few attempts only.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            ConfigError: The endpoint has no batches, or refuses this one.
            TeacherUnreachableError: It cannot be reached, or fails again and again.
        """
        waited_seconds = 0.0
        for failures in count(1):
            try:
                async with asyncio.timeout(self._limits.timeout_seconds):
                    return await make()
            except TimeoutError:
                outcome: Reply | RateLimited = Reply("failed", detail="no answer in time")
            except self._connection.openai.OpenAIError as error:
                outcome = self._connection.read_failure(error, f"no {what}")
            if isinstance(outcome, Reply) and outcome.status == "bad_request":
                raise ConfigError(f"{self._role}: {self._connection.url} refuses the batch: {outcome.detail}")
            told = outcome.wait_seconds if isinstance(outcome, RateLimited) else None
            wait_seconds = backoff_seconds(failures) if told is None else told
            waited_seconds += wait_seconds
            is_hopeful = is_patient or told is not None or failures < self._limits.max_attempts
            if not is_hopeful or waited_seconds > self._limits.max_wait_seconds:
                self._give_up(outcome.detail)
            await self._pause(wait_seconds)
        raise AssertionError("count() has no end")

    def _give_up(self, detail: str) -> NoReturn:
        raise TeacherUnreachableError(
            f"{self._role}: {self._connection.url} fails again and again; the last time: {detail}. See that it can be "
            "reached, then start the same command again: batches go on on the server, and are not sent twice."
        )


def not_answered(detail: str) -> Reply:
    """A request that was not answered, and costs nothing."""
    return Reply("failed", input_tokens=0, output_tokens=0, detail=detail)


def _read_lines(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a line that cannot be read is a request that was not answered
        if isinstance(value, dict):
            yield value
