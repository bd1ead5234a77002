"""An endpoint that is served for the length of a stage, and never longer than this process lives."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from types import TracebackType
from typing import IO

from supercorrect.config import EndpointConfig
from supercorrect.errors import TeacherUnreachableError
from supercorrect.models.endpoint import Access, public_url, read_access
from supercorrect.models.plain_http import ask_plainly
from supercorrect.models.watched import last_lines, start_watched

_POLL_SECONDS = 0.1
_NOT_READY = (502, 503, 504)


class ServedEndpoint:
    """Starts `endpoint.serve`, waits until it answers, and stops it: `with ServedEndpoint(role, endpoint) as served`.

    `{port}` in the command and in `base_url` becomes a free port; without a `base_url` it is
    `http://127.0.0.1:{port}/v1`; `{python}` in the command becomes this interpreter. The command runs under a small
    watchdog that stops it, with all that it started, when this process is gone, even by SIGKILL. An endpoint without
    `serve` passes through unchanged.

    Args:
        timeout_seconds: How long the server may take until it answers; a large model takes minutes to load.
    """

    def __init__(self, role: str, endpoint: EndpointConfig, timeout_seconds: float = 900.0) -> None:
        self._role = role
        self._endpoint = endpoint
        self._timeout_seconds = timeout_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def __enter__(self) -> EndpointConfig:
        """Start the server.

        Raises:
            ConfigError: The environment does not hold the endpoint's key.
            TeacherUnreachableError: The server ended, or did not answer in time; the message shows its last lines.
        """
        if self._endpoint.serve is None:
            return self._endpoint
        port = str(_free_port())
        command = [part.replace("{port}", port).replace("{python}", sys.executable) for part in self._endpoint.serve]
        base_url = (self._endpoint.base_url or "http://127.0.0.1:{port}/v1").replace("{port}", port)
        served = self._endpoint.model_copy(update={"base_url": base_url})
        access = read_access(self._role, served)
        self._output = tempfile.TemporaryFile()
        self._process = start_watched(command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT)
        try:
            self._wait_for(access)
        except BaseException:
            self._stop()
            raise
        return served

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _wait_for(self, access: Access) -> None:
        assert self._process is not None
        give_up_seconds = time.monotonic() + self._timeout_seconds
        while not _answers(access):
            if self._process.poll() is not None:
                raise self._not_served(access, f"ended with code {self._process.returncode} before it answered")
            if time.monotonic() > give_up_seconds:
                raise self._not_served(access, f"did not answer within {self._timeout_seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        if self._output is not None:
            self._output.close()
            self._output = None

    def _not_served(self, access: Access, what: str) -> TeacherUnreachableError:
        assert self._output is not None and self._endpoint.serve is not None
        return TeacherUnreachableError(
            f"{self._role}: `{access.redacted(' '.join(self._endpoint.serve))}` {what} at "
            f"{public_url(access.base_url)}/models. Correct `serve` or `base_url` in the recipe. Its last lines:\n"
            f"{access.redacted(last_lines(self._output))}"
        )


def _answers(access: Access) -> bool:
    """Whether a server stands behind the URL and is ready; one that refuses the question, or fails at it, is.

    `transformers serve` fails to list models (500) where there is no cache of them, and answers all the same.
    """
    try:
        reply = ask_plainly(access, f"{public_url(access.base_url)}/models", timeout_seconds=5)
    except OSError:
        return False
    return reply.status_code not in _NOT_READY


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
