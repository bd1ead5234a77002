"""One request to an endpoint without a session: what it lists, whether it is ready, what it takes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from supercorrect.models.endpoint import Access, is_loopback


@dataclass(frozen=True)
class PlainReply:
    """A status and a body."""

    status_code: int
    content: bytes

    @property
    def value(self) -> dict[str, Any]:
        """The JSON object in the body of a success; empty where there is none."""
        try:
            value = json.loads(self.content) if self.status_code == 200 else {}
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def ask_plainly(
    access: Access, url: str, body: dict[str, Any] | None = None, *, timeout_seconds: float = 10
) -> PlainReply:
    """GET a URL of an endpoint, or POST a body to it. A redirect is not followed: another host would be given the key.

    Raises:
        OSError: Nothing answers there, or not in HTTP.
    """
    headers = {"Accept": "application/json"}
    if access.api_key:
        headers["Authorization"] = f"Bearer {access.api_key}"
    elif access.login:
        headers["Authorization"] = f"Basic {b64encode(':'.join(access.login).encode()).decode()}"
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    proxies = urllib.request.ProxyHandler({} if is_loopback(access.base_url) else None)
    opener = urllib.request.build_opener(proxies, _RedirectsAreAnswers)
    try:
        with opener.open(urllib.request.Request(url, data, headers), timeout=timeout_seconds) as reply:
            return PlainReply(reply.status, reply.read())
    except urllib.error.HTTPError as error:
        return PlainReply(error.code, error.read())
    except HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error


class _RedirectsAreAnswers(urllib.request.HTTPRedirectHandler):
    """Follows none."""

    def redirect_request(self, *request: Any) -> None:
        """Say that there is nothing to follow."""
