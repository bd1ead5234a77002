"""An open way to one endpoint, the courier's or the openai SDK's with its own retries off, and what refusals mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supercorrect.config import EndpointConfig
from supercorrect.courier.client import Courier, HttpReply, NoReplyError
from supercorrect.courier.launch import ensure_launched
from supercorrect.errors import ConfigError, TeacherAccessError
from supercorrect.models.endpoint import Access, is_loopback, public_url
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.retry import retry_after_seconds

if TYPE_CHECKING:
    import openai

_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


class Connection:
    """A pool of connections: `async with Connection(…) as connection`.

    Args:
        store: The courier makes the requests of `post`, and writes beside this file what comes when we are gone. None:
            they are made here, and what is under way ends with this process.

    Attributes:
        client: The SDK's client.
        headers: What has to go with each call of it: the word that no key is sent, where none is wanted.
    """

    def __init__(self, role: str, endpoint: EndpointConfig, access: Access, store: Path | None = None) -> None:
        self._role = role
        self._endpoint = endpoint
        self._access = access
        self._store = store
        self._courier: Courier | None = None
        self.url = public_url(access.base_url)

    async def __aenter__(self) -> Connection:
        if self._store is not None:
            ensure_launched()  # it gets ready while we do
        import httpx2  # here: both take half a second, which `supercorrect --help` should not wait for
        import openai

        from supercorrect.courier.http import open_client

        keepalive, trust_env = self._endpoint.limits.max_concurrency, not is_loopback(self._access.base_url)
        self.client: openai.AsyncOpenAI = openai.AsyncOpenAI(
            base_url=self._access.base_url,
            api_key=self._access.api_key or "none",
            max_retries=0,
            timeout=None,
            http_client=open_client(keepalive=keepalive, trust_env=trust_env, login=self._access.login),
        )
        self.headers: dict[str, str | openai.Omit] = {} if self._access.api_key else {"Authorization": openai.Omit()}
        self.openai, self.httpx2 = openai, httpx2
        if self._store is not None:
            self._courier = Courier(
                self._store,
                base_url=str(self.client.base_url).rstrip("/"),
                headers=self._headers_of_the_sdk(),
                login=self._access.login,
                timeout_seconds=self._endpoint.limits.timeout_seconds,
                keepalive=keepalive,
                secrets=self._access.secrets,
                trust_env=trust_env,
            )
            await self._courier.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.client.close()
        if self._courier is not None:
            await self._courier.close()

    async def post(self, path: str, body: dict[str, Any], call: str) -> HttpReply:
        """Make a request; `call` is its name, the same in every run.

        Raises:
            TimeoutError: The courier has waited as long as a request may take.
            NoReplyError: The connection could not be made, or broke.
            SuperCorrectError: The courier is gone, and cannot be started again.
        """
        if self._courier is not None:
            return await self._courier.post(path, json.dumps(body).encode(), call)
        options: openai.RequestOptions = {"headers": self.headers}
        try:
            response = await self.client.post(path, cast_to=self.httpx2.Response, body=body, options=options)
        except self.openai.APIStatusError as error:
            response = error.response
        except self.openai.OpenAIError as error:
            raise _no_reply(error) from error
        return HttpReply(response.status_code, response.headers, response.content)

    def keep(self, key: str) -> None:
        """Say that what came for a key is kept."""
        if self._courier is not None:
            self._courier.keep(key)

    def _headers_of_the_sdk(self) -> dict[str, str]:
        headers = {name: value for name, value in self.client.default_headers.items() if isinstance(value, str)}
        return headers | ({"Authorization": f"Bearer {self._access.api_key}"} if self._access.api_key else {})

    def redacted(self, text: str) -> str:
        """`text` without key, user and password."""
        return self._access.redacted(text)

    def read_failure(self, error: openai.OpenAIError, unknown: str | None = None) -> Reply | RateLimited:
        """What an error of the SDK means; see `read_status`."""
        if isinstance(error, self.openai.APIStatusError):
            return self.read_status(error.status_code, error.response.headers, error.response.text, unknown)
        return self.read_no_reply(_no_reply(error))

    def read_no_reply(self, error: NoReplyError) -> Reply:
        """What it means that nothing was answered."""
        return Reply("failed", detail=self.redacted(str(error)), is_unreachable=error.kind == "ConnectError")

    def read_status(
        self, status_code: int, headers: Mapping[str, str], text: str, unknown: str | None = None
    ) -> Reply | RateLimited:
        """What a status other than 200 means.

        Args:
            unknown: What the endpoint does not know if it says 404. None: the model, or chat completions.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            ConfigError: What was asked for is not there.
        """
        detail = self.redacted(f"HTTP {status_code}: {text}")
        no_quota = status_code in (400, 429) and any(code in text for code in _QUOTA_CODES)
        if status_code in (401, 402, 403) or no_quota:
            raise TeacherAccessError(
                f"{self._role}: {self.url} lets the key in {self._endpoint.api_key_env} ask no more: {detail}. See to "
                "the key or the account, then start the same command again: everything answered so far is kept."
            )
        if status_code == 404:
            unknown = unknown or f"no model {self._endpoint.model!r}, or no chat completions"
            raise ConfigError(
                f"{self._role}: {self.url} knows {unknown}: {detail}. Correct model or base_url in the recipe."
            )
        if status_code == 429:
            return RateLimited(retry_after_seconds(headers), detail)
        if 400 <= status_code < 500 and status_code not in (408, 409, 425):
            return Reply("bad_request", input_tokens=0, output_tokens=0, detail=detail)
        return Reply("failed", input_tokens=0, output_tokens=0, detail=detail)


def _no_reply(error: openai.OpenAIError) -> NoReplyError:
    cause = error.__cause__ or error
    return NoReplyError(type(cause).__name__, str(cause))
