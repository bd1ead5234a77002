"""Every way in which a request is refused, in the JSON that OpenAI's clients read."""

from __future__ import annotations

import math

from starlette.responses import JSONResponse, Response


class RefusedError(Exception):
    """A request that is not answered.

    Args:
        code: For programs, such as `model_not_found`.
        param: The field that is at fault. None: none in particular.
        retry_after_seconds: When it may be tried again. None: never as it is.
    """

    def __init__(
        self,
        status_code: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.param = param
        self.retry_after_seconds = retry_after_seconds

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """As it is sent."""
        kind = "server_error" if self.status_code >= 500 else "invalid_request_error"
        kind = "rate_limit_error" if self.status_code == 429 else kind
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}

    def response(self) -> Response:
        """The answer to the request; when draining, it also ends the connection."""
        headers = {}
        if self.retry_after_seconds is not None:
            headers["retry-after"] = str(math.ceil(self.retry_after_seconds))
        if self.status_code == 503:
            headers["connection"] = "close"
        return JSONResponse(self.body, self.status_code, headers)


def bad_request(message: str, *, param: str | None = None, code: str = "invalid_value") -> RefusedError:
    """400: the request is not one that can be answered."""
    return RefusedError(400, code, message, param=param)
