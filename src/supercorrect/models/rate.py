"""How fast an endpoint may be asked: limits per minute that we know, and those that it tells us by 429."""

from __future__ import annotations

import asyncio
from collections import deque

_SHARE_OF_LIMIT = 0.97  # what the network bunches up must still fit into the server's minute


class Pace:
    """Spaces requests evenly, so that neither requests nor tokens pass their limit in any minute."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._seconds_per_request = 60 / (_SHARE_OF_LIMIT * requests_per_minute) if requests_per_minute else 0.0
        self._seconds_per_token = 60 / (_SHARE_OF_LIMIT * tokens_per_minute) if tokens_per_minute else 0.0
        self._next_seconds = 0.0
        self._not_before_seconds = 0.0

    def reserve(self, now_seconds: float, tokens: int) -> float:
        """Take the next place in the row, for a request of about so many tokens; returns the moment of that place."""
        place = max(now_seconds, self._next_seconds)
        self._next_seconds = place + max(self._seconds_per_request, tokens * self._seconds_per_token)
        return place

    def correct(self, surplus_tokens: int) -> None:
        """Account for tokens that `reserve` was not told of (negative: told too many)."""
        self._next_seconds += surplus_tokens * self._seconds_per_token

    def hold_until(self, moment_seconds: float) -> None:
        """Let nothing pass before a moment: the server has asked for it."""
        self._not_before_seconds = max(self._not_before_seconds, moment_seconds)

    def wait_seconds(self, place_seconds: float, now_seconds: float) -> float:
        """How long a reserved place still has to wait."""
        return max(place_seconds, self._not_before_seconds) - now_seconds


class AdaptiveConcurrency:
    """A gate for at most `limit` requests at once: halved by a 429, raised by one with each full round of successes.

    A 429 to a request that was under way when the gate was last narrowed does not narrow it again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = float(most)
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._narrowed_seconds = 0.0

    async def __aenter__(self) -> None:
        while self._busy >= int(self.limit):
            place = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            await place
        self._busy += 1

    async def __aexit__(self, *exc_info: object) -> None:
        self._busy -= 1
        self._let_in()

    def widen(self) -> None:
        """Take in a success."""
        self.limit = min(self._most, self.limit + 1 / self.limit)
        self._let_in()

    def narrow(self, started_seconds: float, now_seconds: float) -> bool:
        """Take in a 429 to a request started then; False: it was under way already, and changes nothing."""
        if started_seconds < self._narrowed_seconds:
            return False
        self.limit = max(1.0, self.limit / 2)
        self._narrowed_seconds = now_seconds
        return True

    def _let_in(self) -> None:
        room = int(self.limit) - self._busy
        while room > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                room -= 1
