"""One request to an endpoint and what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from supercorrect.config import EndpointConfig
from supercorrect.courier.frames import CALL
from supercorrect.courier.launch import ensure_launched
from supercorrect.errors import SuperCorrectError
from supercorrect.models.connection import Connection
from supercorrect.models.endpoint import Access, is_loopback
from supercorrect.models.item import Item
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.responses import responses_body

if TYPE_CHECKING:
    from supercorrect.courier.transport import CourierTransport

NEW_LIMIT_NAME = "max_completion_tokens"
"""What OpenAI's reasoning models call `max_tokens`, which they refuse."""


class Exchange:
    """Questions, one by one: `async with Exchange(…) as exchange`.

    Args:
        store: The courier carries the questions, and writes beside this file what comes when we are gone. None: this
            process asks, and what is under way ends with it.
    """

    def __init__(self, role: str, endpoint: EndpointConfig, access: Access, store: Path | None = None) -> None:
        self._store = store
        self._courier: CourierTransport | None = None
        self._connect = partial(Connection, role, endpoint, access)
        self._limits, self._access = endpoint.limits, access
        self._model = endpoint.served_model or endpoint.model
        self._limit_name = "max_tokens"
        self._takes_responses = endpoint.api == "responses"

    async def __aenter__(self) -> Exchange:
        if self._store is not None:
            ensure_launched()  # it gets ready while we do
            from supercorrect.courier.transport import CourierTransport  # here: it imports an HTTP client

            self._courier = CourierTransport(
                self._store,
                timeout_seconds=self._limits.timeout_seconds,
                keepalive=self._limits.max_concurrency,
                secrets=self._access.secrets,
                trust_env=not is_loopback(self._access.base_url),
            )
            await self._courier.open()
        self._connection = await self._connect(self._courier).__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._connection.__aexit__(*exc_info)

    def keep(self, item: Item) -> None:
        """Say that what came of an item is kept, as far as it is worth it."""
        if self._courier is not None:
            self._courier.keep(item.key)

    async def send(self, item: Item, timeout_seconds: float) -> Reply | RateLimited:
        """Make one request for an item.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            ConfigError: The endpoint knows no such model, or the URL is wrong.
            SuperCorrectError: The courier is gone, and cannot be started again.
        """
        connection, limit_name = self._connection, self._limit_name
        body, path = item.body(limit_name), item.request.path
        if self._takes_responses:
            body, path = responses_body(body, limit_name), "/responses"
        headers = connection.headers if self._courier is None else connection.headers | {CALL: item.call}
        try:
            async with asyncio.timeout(timeout_seconds):
                response = await connection.client.post(
                    path,
                    cast_to=connection.httpx2.Response,
                    body=body,
                    options={"headers": headers},
                )
        except (TimeoutError, connection.openai.APITimeoutError):
            return Reply("failed", detail=f"no answer within {timeout_seconds:g} s")
        except connection.openai.APIStatusError as error:
            if error.status_code == 400 and limit_name == "max_tokens" and NEW_LIMIT_NAME in error.response.text:
                self._limit_name = NEW_LIMIT_NAME
                return await self.send(item, timeout_seconds)
            return connection.read_failure(error)
        except connection.openai.OpenAIError as error:
            if isinstance(error.__cause__, SuperCorrectError):  # the courier's
                raise error.__cause__ from None
            return connection.read_failure(error)
        return self.read(item, response.content)

    def read(self, item: Item, body: bytes) -> Reply:
        """What the body of a success says."""
        reply = item.request.read(body, self._model, is_response=self._takes_responses)
        return replace(reply, detail=self._connection.redacted(reply.detail)) if reply.detail else reply
