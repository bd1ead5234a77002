"""An open way to one endpoint, through the openai SDK with its own retries off, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from supercorrect.config import EndpointConfig
from supercorrect.errors import ConfigError, TeacherAccessError
from supercorrect.models.endpoint import Access, is_loopback, public_url
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.retry import retry_after_seconds

if TYPE_CHECKING:
    import httpx2
    import openai

_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


class Connection:
    """A pool of connections: `async with Connection(…) as connection`.

    Args:
        transport: Who holds the connections. None: this process.

    Attributes:
        client: The SDK's client.
        headers: What has to go with each call: the word that no key is sent, where none is wanted.
    """

    def __init__(
        self,
        role: str,
        endpoint: EndpointConfig,
        access: Access,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._role = role
        self._endpoint = endpoint
        self._access = access
        self._transport = transport
        self.url = public_url(access.base_url)

    async def __aenter__(self) -> Connection:
        import httpx2  # here: both take half a second, which `supercorrect --help` should not wait for
        import openai

        from supercorrect.courier.http import open_client

        http_client = open_client(
            keepalive=self._endpoint.limits.max_concurrency,
            trust_env=not is_loopback(self._access.base_url),
            login=self._access.login,
            transport=self._transport,
        )
        self.client: openai.AsyncOpenAI = openai.AsyncOpenAI(
            base_url=self._access.base_url,
            api_key=self._access.api_key or "none",
            max_retries=0,
            timeout=None,
            http_client=http_client,
        )
        self.headers: dict[str, str | openai.Omit] = {} if self._access.api_key else {"Authorization": openai.Omit()}
        self.openai, self.httpx2 = openai, httpx2
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.client.close()

    def redacted(self, text: str) -> str:
        """`text` without key, user and password."""
        return self._access.redacted(text)

    def read_failure(self, error: openai.OpenAIError, unknown: str | None = None) -> Reply | RateLimited:
        """What an error of the SDK means; see `read_status`."""
        if isinstance(error, self.openai.APIStatusError):
            return self.read_status(error.status_code, error.response.headers, error.response.text, unknown)
        cause = error.__cause__ or error
        detail = self.redacted(f"{type(cause).__name__}: {cause}")
        return Reply("failed", detail=detail, is_unreachable=isinstance(cause, self.httpx2.ConnectError))

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
