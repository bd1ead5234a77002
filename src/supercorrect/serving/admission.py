"""Who is let in: so many requests at a time, and nobody once the server is to end."""

from __future__ import annotations

import time
from collections.abc import Callable

from supercorrect.serving.limits import Limits
from supercorrect.serving.refusals import RefusedError

FIRST_GUESS_SECONDS = 1.0
"""How long a request takes, as long as none has been answered."""
NEWEST_SHARE = 0.1
"""How much the newest request counts in the mean duration."""
LONGEST_WAIT_SECONDS = 60.0


class Admission:
    """Counts requests from the moment they are taken on until their work is done. For one event loop.

    Attributes:
        in_flight: Requests that have been taken on and are not done.
        draining: Whether nobody is let in any more.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._mean_seconds = FIRST_GUESS_SECONDS
        self._when_empty: Callable[[], None] | None = None
        self.in_flight = 0

    @property
    def draining(self) -> bool:
        """Whether the server is to end."""
        return self._when_empty is not None

    def enter(self) -> float:
        """Take a request on; gives the time at which it began, for `leave`.

        Raises:
            RefusedError: 503 while draining; 429 where as many wait as may.
        """
        if self.draining:
            raise RefusedError(503, "shutting_down", "The server is shutting down.", retry_after_seconds=5)
        if self.in_flight >= self._limits.concurrency + self._limits.waiting:
            raise RefusedError(
                429,
                "server_busy",
                f"The server works on {self._limits.concurrency} requests, and {self._limits.waiting} wait; try again.",
                retry_after_seconds=self._seconds_until_room(),
            )
        self.in_flight += 1
        return time.monotonic()

    def leave(self, begun: float) -> None:
        """A request is done."""
        self.in_flight -= 1
        self._mean_seconds += NEWEST_SHARE * (time.monotonic() - begun - self._mean_seconds)
        if self.in_flight == 0 and self._when_empty is not None:
            self._when_empty()

    def drain(self, when_empty: Callable[[], None]) -> None:
        """Let nobody in any more, and call `when_empty` once all work is done."""
        self._when_empty = when_empty
        if self.in_flight == 0:
            when_empty()

    def _seconds_until_room(self) -> float:
        """Those who wait leave as many at a time as are worked on together."""
        turns = 1 + self._limits.waiting / self._limits.concurrency
        return min(LONGEST_WAIT_SECONDS, max(1.0, self._mean_seconds * turns / 2))
