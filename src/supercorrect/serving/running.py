"""Serving until a signal comes: then what has begun is finished, and nothing new is taken on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import FrameType

import uvicorn

from supercorrect.errors import ConfigError
from supercorrect.grading import Grader
from supercorrect.listening import listening
from supercorrect.progress import Reporter
from supercorrect.serving.admission import Admission
from supercorrect.serving.app import Served, create_app
from supercorrect.serving.guards import Guards
from supercorrect.serving.limits import Limits
from supercorrect.serving.solving import ReadyStudent


class DrainingServer(uvicorn.Server):
    """At the first signal it lets nobody in any more, and ends when all work is done; at the second it ends at once."""

    def __init__(self, config: uvicorn.Config, admission: Admission, reporter: Reporter) -> None:
        super().__init__(config)
        self._admission = admission
        self._reporter = reporter

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What uvicorn calls at SIGINT and SIGTERM."""
        if self._admission.draining:
            super().handle_exit(sig, frame)
            self.force_exit = True
            return
        self._reporter.say(f"draining: {self._admission.in_flight} requests to finish; once more ends at once")
        self._admission.drain(self._end)

    def _end(self) -> None:
        self.should_exit = True


@dataclass(frozen=True)
class Address:
    """Where a server listens, and who may ask.

    Attributes:
        api_key_env: The environment variable with the key that clients have to show. None: none.
        origins: Web pages that may ask from a browser.
    """

    host: str
    port: int
    api_key_env: str | None = None
    origins: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or self.host.startswith("127.") or self.host == "::1"

    def guards(self) -> Guards:
        """Who may ask.

        Raises:
            ConfigError: The environment holds no key.
        """
        key = os.environ.get(self.api_key_env, "").strip() if self.api_key_env else None
        if key == "":
            raise ConfigError(f"--api-key-env: expected a key in {self.api_key_env}, found none; set it first")
        return Guards(key, (self.host, "localhost", "127.0.0.1") if self.is_loopback else None, self.origins)


def serve_student(student: ReadyStudent, name: str, limits: Limits, address: Address, reporter: Reporter) -> None:
    """Serve a student until it has drained.

    Args:
        name: Of the plain model.
    """
    guards = address.guards()
    with listening(address.host, address.port) as listener, Grader() as grader:
        url = f"http://{address.host}:{listener.getsockname()[1]}/v1"
        reporter.say(f"{url} serves {name!r}; +correct and +voteN go behind the name; Ctrl-C finishes what has begun")
        if guards.api_key is None and not address.is_loopback:
            reporter.say(f"anybody who can reach {address.host} may ask: --api-key-env asks for a key")
        app = create_app(Served(name, student, grader, limits), guards)
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off")
        DrainingServer(config, app.state.admission, reporter).run([listener])
