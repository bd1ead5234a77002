"""How the endpoint is doing, judged by what it answers: how wide and how fast to ask it, and when to give up."""

from __future__ import annotations

import math
import time
from typing import NoReturn

from supercorrect.config import LimitsConfig
from supercorrect.errors import TeacherUnreachableError
from supercorrect.models.rate import AdaptiveConcurrency, Pace
from supercorrect.models.reply import RateLimited, Reply
from supercorrect.models.retry import CircuitBreaker, backoff_seconds

_BYTES_PER_TOKEN = 4  # of English text; only the pace hangs on it, and each answer's true count corrects it


class Traffic:
    """Shared by all requests to one endpoint.

    Args:
        url: As it may be shown.
    """

    def __init__(self, role: str, url: str, limits: LimitsConfig) -> None:
        self.gate = AdaptiveConcurrency(limits.max_concurrency)
        self._who = f"{role}: {url}"
        self._limits = limits
        self._pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        self._breaker = CircuitBreaker()
        self._usual_output_tokens: float | None = None
        self._narrowings = 0
        self._limited_since_seconds = math.inf

    def expected_tokens(self, input_bytes: int, max_tokens: int) -> int:
        """A guess at what a request will charge, from those before it."""
        output_tokens = max_tokens if self._usual_output_tokens is None else self._usual_output_tokens
        return input_bytes // _BYTES_PER_TOKEN + int(output_tokens)

    def reserve(self, expected_tokens: int) -> float:
        """Take a place in the row; see `wait_seconds`."""
        return self._pace.reserve(time.monotonic(), expected_tokens)

    def wait_seconds(self, place: float) -> float:
        """How long a reserved place has to wait yet; it may grow when the endpoint asks for a pause."""
        return self._pace.wait_seconds(place, time.monotonic())

    def take(self, outcome: Reply | RateLimited, started_seconds: float, expected_tokens: int) -> None:
        """Learn from what came back to a request started then (`time.monotonic`).

        Raises:
            TeacherUnreachableError: It fails again and again, or asks to wait longer than the recipe allows.
        """
        now_seconds = time.monotonic()
        if isinstance(outcome, RateLimited):
            self._take_limit(outcome, started_seconds, now_seconds)
        elif outcome.status in ("failed", "protocol_error", "bad_request"):
            if self._breaker.failed(started_seconds, now_seconds):
                self.give_up(f"fails again and again; the last time: {outcome.detail}")
        else:
            self._take_answer(outcome, expected_tokens)

    def give_up(self, what: str) -> NoReturn:
        """Raise what a user can act on."""
        raise TeacherUnreachableError(
            f"{self._who} {what}. See that the server runs and that base_url and model are right, then start the same "
            "command again: everything answered so far is kept."
        )

    def _take_answer(self, reply: Reply, expected_tokens: int) -> None:
        self._breaker.succeeded()
        self.gate.widen()
        self._narrowings = 0
        self._limited_since_seconds = math.inf
        if reply.input_tokens is not None and reply.output_tokens is not None:
            self._pace.correct(reply.input_tokens + reply.output_tokens - expected_tokens)
            usual = self._usual_output_tokens
            self._usual_output_tokens = (
                0.9 * (reply.output_tokens if usual is None else usual) + 0.1 * reply.output_tokens
            )

    def _take_limit(self, limited: RateLimited, started_seconds: float, now_seconds: float) -> None:
        if self.gate.narrow(started_seconds, now_seconds):
            self._narrowings += 1
        wait_seconds = limited.wait_seconds
        if wait_seconds is None:
            wait_seconds = backoff_seconds(max(1, self._narrowings))
        self._limited_since_seconds = min(self._limited_since_seconds, now_seconds)
        if now_seconds + wait_seconds - self._limited_since_seconds > self._limits.max_wait_seconds:
            self.give_up(
                f"turns requests away and asks to wait {wait_seconds:.0f} s; limits.max_wait_seconds is "
                f"{self._limits.max_wait_seconds:.0f} ({limited.detail})"
            )
        self._pace.hold_until(now_seconds + wait_seconds)
