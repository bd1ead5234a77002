"""What stands before every request: who may ask, from which page, and how much."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from supercorrect.serving.limits import Limits
from supercorrect.serving.refusals import RefusedError

OPEN_PATHS = ("/health",)


@dataclass(frozen=True)
class Guards:
    """Who may ask.

    Attributes:
        api_key: What has to be shown as a bearer token. None: nothing.
        hosts: The names under which the server may be asked, so that no web page can reach it under a name of its own;
            None: any.
        origins: Web pages that may ask from a browser.
    """

    api_key: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] | None = None
    origins: tuple[str, ...] = ()


def guarded(routes: Sequence[Route], guards: Guards) -> Starlette:
    """An app whose every answer, also to what it does not know, is one that OpenAI's clients read."""
    middleware = []
    if guards.hosts is not None:
        middleware.append(Middleware(TrustedHostMiddleware, allowed_hosts=list(guards.hosts), www_redirect=False))
    if guards.origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(guards.origins),
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type"],
                expose_headers=["retry-after"],
            )
        )
    if guards.api_key is not None:
        middleware.append(Middleware(RequiredKey, api_key=guards.api_key))
    return Starlette(routes=list(routes), middleware=middleware, exception_handlers={HTTPException: _refuse})


class RequiredKey:
    """Lets in who shows the key, and everybody to `/health`."""

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        self._app = app
        self._expected = f"Bearer {api_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            shown = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(shown, self._expected):
                refused = RefusedError(401, "invalid_api_key", "Expected the server's key as a bearer token.")
                await refused.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def read_body(request: Request, limits: Limits) -> bytes:
    """A request's JSON, unparsed.

    Raises:
        RefusedError: 415, it is no JSON: what a web page may send unasked never is; 413, too long; 408, too slow.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "unsupported_media_type", "Expected content-type: application/json.")
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    message = f"Expected a request of at most {limits.body_bytes:,} bytes."
                    raise RefusedError(413, "request_too_large", message)
    except TimeoutError as error:
        raise RefusedError(408, "timeout", f"The request took over {limits.body_seconds:g} s to arrive.") from error
    except ClientDisconnect as error:
        raise RefusedError(499, "client_gone", "The client has gone.") from error
    return bytes(body)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return RefusedError(
        error.status_code, "not_found" if error.status_code == 404 else "refused", error.detail
    ).response()
