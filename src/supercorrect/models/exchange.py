"""One request to an endpoint and what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from supercorrect.config import EndpointConfig
from supercorrect.models.connection import Connection
from supercorrect.models.endpoint import Access
from supercorrect.models.item import Item
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.responses import responses_body

NEW_LIMIT_NAME = "max_completion_tokens"
"""What OpenAI's reasoning models call `max_tokens`, which they refuse."""


class Exchange:
    """Questions, one by one: `async with Exchange(…) as exchange`."""

    def __init__(self, role: str, endpoint: EndpointConfig, access: Access) -> None:
        self._connection = Connection(role, endpoint, access)
        self._model = endpoint.served_model or endpoint.model
        self._limit_name = "max_tokens"
        self._takes_responses = endpoint.api == "responses"

    async def __aenter__(self) -> Exchange:
        await self._connection.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._connection.__aexit__(*exc_info)

    async def send(self, item: Item, timeout_seconds: float) -> Reply | RateLimited:
        """Make one request for an item.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            ConfigError: The endpoint knows no such model, or the URL is wrong.
        """
        connection, limit_name = self._connection, self._limit_name
        body, path = item.body(limit_name), item.request.path
        if self._takes_responses:
            body, path = responses_body(body, limit_name), "/responses"
        try:
            async with asyncio.timeout(timeout_seconds):
                response = await connection.client.post(
                    path,
                    cast_to=connection.httpx2.Response,
                    body=body,
                    options={"headers": connection.headers},
                )
        except (TimeoutError, connection.openai.APITimeoutError):
            return Reply("failed", detail=f"no answer within {timeout_seconds:g} s")
        except connection.openai.APIStatusError as error:
            if error.status_code == 400 and limit_name == "max_tokens" and NEW_LIMIT_NAME in error.response.text:
                self._limit_name = NEW_LIMIT_NAME
                return await self.send(item, timeout_seconds)
            return connection.read_failure(error)
        except connection.openai.OpenAIError as error:
            return connection.read_failure(error)
        reply = item.request.read(response.content, self._model, is_response=self._takes_responses)
        return replace(reply, detail=connection.redacted(reply.detail)) if reply.detail else reply
