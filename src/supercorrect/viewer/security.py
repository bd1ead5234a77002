"""What keeps other sites, and the texts of models, from doing anything through the viewer."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ["127.0.0.1", "localhost"]
MOST_FORM_BYTES = 1_000_000
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class GuardedResponses:
    """Puts the same strict headers on every response, those of errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)


def new_token() -> str:
    """A secret that only our own pages know, new with every start."""
    return secrets.token_urlsafe(32)


def require_own_page(request: Request) -> None:
    """Let in what our own pages ask for, or a person who types an address; no other site may make work here.

    Raises:
        HTTPException: 403, another site asks.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "Expected a request from the viewer's own pages, got one from another site.")


async def read_own_form(request: Request, token: str) -> dict[str, str]:
    """The fields of a form that one of our own pages sent.

    Raises:
        HTTPException: 403, another site sent it; 413, it is too long.
    """
    origin = request.headers.get("origin")
    if origin is None or urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, f"Expected a form from the viewer's own pages, got one from {origin or 'nowhere'}.")
    require_own_page(request)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            raise HTTPException(413, f"Expected a form of at most {MOST_FORM_BYTES:,} bytes.")
    fields = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace"), True).items()}
    if not hmac.compare_digest(fields.get("token", "").encode(), token.encode()):
        raise HTTPException(403, "This page is from an earlier start of the viewer. Load it again, then decide.")
    return fields
