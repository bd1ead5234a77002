"""One request to an endpoint and what came of it, through the openai SDK with its own retries off."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from supercorrect.config import EndpointConfig
from supercorrect.errors import ConfigError, TeacherAccessError
from supercorrect.models.endpoint import Access, is_loopback, public_url
from supercorrect.models.item import Item
from supercorrect.models.reply import RateLimited, Reply, read_reply
from supercorrect.models.retry import retry_after_seconds

if TYPE_CHECKING:
    import openai
    from openai._types import RequestOptions

_NEW_LIMIT_NAME = "max_completion_tokens"  # what OpenAI's reasoning models call `max_tokens`, which they refuse
_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


class Exchange:
    """An open connection pool to one endpoint: `async with Exchange(…) as exchange`."""

    def __init__(self, role: str, endpoint: EndpointConfig, access: Access) -> None:
        self._role = role
        self._endpoint = endpoint
        self._access = access
        self._limit_name = "max_tokens"

    async def __aenter__(self) -> Exchange:
        import httpx2  # here: both take half a second, which `supercorrect --help` should not wait for
        import openai

        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=self._endpoint.limits.max_concurrency)
        transport_client = httpx2.AsyncClient(
            auth=self._access.login,
            limits=limits,
            timeout=None,  # one time limit, for the whole request, stands in `send`
            follow_redirects=False,  # another host would be given the key
            trust_env=not is_loopback(self._access.base_url),
        )
        self._client: openai.AsyncOpenAI = openai.AsyncOpenAI(
            base_url=self._access.base_url,
            api_key=self._access.api_key or "none",
            max_retries=0,
            timeout=None,
            http_client=transport_client,
        )
        self._options: RequestOptions = {} if self._access.api_key else {"headers": {"Authorization": openai.Omit()}}
        self._openai, self._httpx2 = openai, httpx2
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._client.close()

    async def send(self, item: Item, timeout_seconds: float) -> Reply | RateLimited:
        """Make one request for an item.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            ConfigError: The endpoint knows no such model, or the URL is wrong.
        """
        limit_name = self._limit_name
        try:
            async with asyncio.timeout(timeout_seconds):
                response = await self._client.post(
                    "/chat/completions",
                    cast_to=self._httpx2.Response,
                    body=item.body(limit_name),
                    options=self._options,
                )
        except (TimeoutError, self._openai.APITimeoutError):
            return Reply("failed", detail=f"no answer within {timeout_seconds:g} s")
        except self._openai.APIStatusError as error:
            if error.status_code == 400 and limit_name == "max_tokens" and _NEW_LIMIT_NAME in error.response.text:
                self._limit_name = _NEW_LIMIT_NAME
                return await self.send(item, timeout_seconds)
            return self._read_error(error.status_code, error.response.headers, error.response.text)
        except self._openai.OpenAIError as error:
            cause = error.__cause__ or error
            detail = self._access.redacted(f"{type(cause).__name__}: {cause}")
            return Reply("failed", detail=detail, is_unreachable=isinstance(cause, self._httpx2.ConnectError))
        model = self._endpoint.served_model or self._endpoint.model
        reply = read_reply(response.content, model, item.least_input_tokens)
        return replace(reply, detail=self._access.redacted(reply.detail)) if reply.detail else reply

    def _read_error(self, status_code: int, headers: Mapping[str, str], text: str) -> Reply | RateLimited:
        detail = self._access.redacted(f"HTTP {status_code}: {text}")
        url = public_url(self._access.base_url)
        if status_code in (401, 402, 403) or (status_code == 429 and any(code in text for code in _QUOTA_CODES)):
            raise TeacherAccessError(
                f"{self._role}: {url} lets the key in {self._endpoint.api_key_env} ask no more: {detail}. See to the "
                "key or the account, then start the same command again: everything answered so far is kept."
            )
        if status_code == 404:
            raise ConfigError(
                f"{self._role}: {url} knows no model {self._endpoint.model!r}, or no chat completions: {detail}. "
                "Correct model or base_url in the recipe."
            )
        if status_code == 429:
            return RateLimited(retry_after_seconds(headers), detail)
        if 400 <= status_code < 500 and status_code not in (408, 409, 425):
            return Reply("bad_request", input_tokens=0, output_tokens=0, detail=detail)
        return Reply("failed", input_tokens=0, output_tokens=0, detail=detail)
