"""When to try again: jittered backoff, the server's own wish, and the point at which to stop."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_BACKOFF_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 60.0
_FAILURES_IN_A_ROW = 20


def backoff_seconds(failures: int) -> float:
    """Full jitter: between 0 and a bound that doubles with each failure (1: the first)."""
    return random.uniform(0, min(_LONGEST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2 ** (failures - 1)))


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """How long the server asks to wait, given in milliseconds, in seconds or as a date; None: it does not say.

    Args:
        headers: With lower-case names, or case-insensitive.
        now: The clock that a date is held against; None: this machine's.
    """
    for name, unit_seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if value.replace(".", "", 1).isdecimal():
            return float(value) * unit_seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


class CircuitBreaker:
    """Says when an endpoint has failed too often in a row.

    Requests that were already under way when a row began fail as part of the same event: one blip of a server under
    64 requests is one failure, not 64.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._row_began_seconds = 0.0

    def succeeded(self) -> None:
        """End the row."""
        self._failures = 0

    def failed(self, started_seconds: float, now_seconds: float) -> bool:
        """Take in a failure of a request started then; True: it is time to stop."""
        if self._failures == 0:
            self._row_began_seconds = now_seconds
        if self._failures == 0 or started_seconds >= self._row_began_seconds:
            self._failures += 1
        return self._failures >= _FAILURES_IN_A_ROW
