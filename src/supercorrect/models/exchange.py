"""One request to an endpoint and what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from supercorrect.config import EndpointConfig
from supercorrect.courier.client import NoReplyError
from supercorrect.models.connection import Connection
from supercorrect.models.endpoint import Access
from supercorrect.models.item import Item
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.responses import responses_body

NEW_LIMIT_NAME = "max_completion_tokens"
"""What OpenAI's reasoning models call `max_tokens`, which they refuse."""


class Exchange:
    """Questions, one by one: `async with Exchange(…) as exchange`. `store`: see `Connection`."""

    def __init__(self, role: str, endpoint: EndpointConfig, access: Access, store: Path | None = None) -> None:
        self._connection = Connection(role, endpoint, access, store)
        self._model = endpoint.served_model or endpoint.model
        self._limit_name = "max_tokens"
        self._takes_responses = endpoint.api == "responses"

    async def __aenter__(self) -> Exchange:
        await self._connection.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._connection.__aexit__(*exc_info)

    def keep(self, item: Item) -> None:
        """Say that what came of an item is kept, as far as it is worth it."""
        self._connection.keep(item.key)

    async def send(self, item: Item, timeout_seconds: float) -> Reply | RateLimited:
        """Make one request for an item.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            ConfigError: The endpoint knows no such model, or the URL is wrong.
            SuperCorrectError: The courier is gone, and cannot be started again.
        """
        limit_name = self._limit_name
        body, path = item.body(limit_name), item.request.path
        if self._takes_responses:
            body, path = responses_body(body, limit_name), "/responses"
        try:
            async with asyncio.timeout(timeout_seconds):
                replied = await self._connection.post(path, body, item.call)
        except TimeoutError:
            return Reply("failed", detail=f"no answer within {timeout_seconds:g} s")
        except NoReplyError as error:
            return self._connection.read_no_reply(error)
        if 200 <= replied.status < 300:
            return self.read(item, replied.content)
        text = replied.content.decode("utf-8", errors="replace")
        if replied.status == 400 and limit_name == "max_tokens" and NEW_LIMIT_NAME in text:
            self._limit_name = NEW_LIMIT_NAME
            return await self.send(item, timeout_seconds)
        return self._connection.read_status(replied.status, replied.headers, text)

    def read(self, item: Item, body: bytes) -> Reply:
        """What the body of a success says."""
        reply = item.request.read(body, self._model, is_response=self._takes_responses)
        return replace(reply, detail=self._connection.redacted(reply.detail)) if reply.detail else reply
