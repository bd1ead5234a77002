"""The HTTP client: what it may do, and a bound on what is read of an answer, whatever its server sends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 16_000_000
"""Of one answer: hundreds of times the longest completion."""
MOST_PACKED_BYTES = MOST_BYTES // 250
"""Of one that comes compressed though it was asked not to be: it may unpack to a thousand times as much."""
MOST_FILE_BYTES = 2_000_000_000
"""Of a batch's results."""
AS_IT_IS = {"Accept-Encoding": "identity"}
"""Asks for answers that are not compressed."""


def open_client(*, keepalive: int, trust_env: bool, login: tuple[str, str] | None) -> httpx2.AsyncClient:
    """A pool of connections of which `keepalive` may wait idle.

    Args:
        trust_env: Whether the environment's proxies are used.
        login: User and password.
    """
    return httpx2.AsyncClient(
        auth=login,
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=keepalive),
        timeout=None,  # one time limit, for the whole request, stands where it is made
        headers=AS_IT_IS,
        event_hooks={"response": [limit_body]},
        follow_redirects=False,  # another host would be given the key
        trust_env=trust_env,
    )


class LimitedBody(httpx2.AsyncByteStream):
    """A response's body; reading more than `most_bytes` of it is an error of the server's."""

    def __init__(self, body: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._body = body
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._body:
            read += len(part)
            if read > self._most_bytes:
                raise httpx2.RemoteProtocolError(f"the answer has more than {self._most_bytes / 1e6:g} MB")
            yield part

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._body.aclose()


async def limit_body(response: httpx2.Response) -> None:
    """Put the bound on a response before its body is read."""
    is_packed = response.headers.get("content-encoding", "identity") != "identity"
    is_file = "/files/" in response.request.url.path
    most_bytes = MOST_FILE_BYTES if is_file else MOST_PACKED_BYTES if is_packed else MOST_BYTES
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = LimitedBody(response.stream, most_bytes)
