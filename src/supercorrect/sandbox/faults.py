"""Which requests go wrong, and how: a script that gives every machine the same storm."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import Literal, get_args

from supercorrect.errors import ConfigError

Fault = Literal[
    "rate_limited",
    "server_error",
    "reset",
    "slow",
    "broken_json",
    "empty",
    "length",
    "refusal",
    "lie",
    "stall",
    "drip",
    "flood",
]
LIE = "I am quite sure.\n<Step1> That is plain to see. </Step1>\n<Answer> -1 </Answer>"
_FLOOD_BYTES = 200_000_000


@dataclass(frozen=True)
class FaultScript:
    """The share of requests that meets each fault, between 0 and 1.

    Attributes:
        rate_limited: 429 with Retry-After.
        server_error: 500.
        reset: The connection closes in the middle of the answer.
        slow: Nothing for `slow_seconds`, then 504.
        broken_json: 200 with a gateway's HTML page.
        empty: 200 with null content.
        length: Half an answer, with finish_reason `length`.
        refusal: 200 with a refusal in the place of an answer.
        lie: A confident wrong answer.
        stall: Nothing, for a day.
        drip: The answer, at one byte a second.
        flood: 200 with 200 MB of it.
        jitter_seconds: Up to so much is waited before each answer, as the request falls.
        batch_seconds: How long a batch takes; its requests are answered one after the other over that time.
        batch_failed: So many batches fail as a whole, the first ones.
        batch_expired: So many batches expire, the first ones that do not fail; `batch_unanswered` of each is left over.
        batch_unanswered: The share of an expiring batch's requests that is not answered, between 0 and 1.
        batch_create_lost: So many times a batch is created, but its creator is told 500.
    """

    rate_limited: float = 0.0
    server_error: float = 0.0
    reset: float = 0.0
    slow: float = 0.0
    broken_json: float = 0.0
    empty: float = 0.0
    length: float = 0.0
    refusal: float = 0.0
    lie: float = 0.0
    stall: float = 0.0
    drip: float = 0.0
    flood: float = 0.0
    jitter_seconds: float = 0.0
    retry_after_seconds: float = 0.05
    slow_seconds: float = 2.0
    batch_seconds: float = 0.0
    batch_failed: int = 0
    batch_expired: int = 0
    batch_unanswered: float = 0.5
    batch_create_lost: int = 0
    seed: int = 0

    def draw(self, request_hash: str, attempt: int) -> Fault | None:
        """The fault that this attempt (1: the first) at this request meets; None: it passes."""
        position = self.position(f"{request_hash}:{attempt}")
        for fault in get_args(Fault):
            position -= getattr(self, fault)
            if position < 0:
                return fault  # type: ignore[no-any-return]  # one of the literals by construction
        return None

    def position(self, name: str) -> float:
        """Where a name falls between 0 and 1."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}:{name}".encode()).digest()[:8]) / 2**64


async def drip(body: bytes) -> AsyncIterator[bytes]:
    """A byte a second: no wait between two bytes is long, all of them together are."""
    for place in range(len(body)):
        yield body[place : place + 1]
        await asyncio.sleep(1)


async def flood() -> AsyncIterator[bytes]:
    """200 MB that begin like an answer."""
    part = b"x" * 50_000
    yield b'{"choices": [{"message": {"content": "'
    for _ in range(_FLOOD_BYTES // len(part)):
        yield part


class SlidingWindow:
    """Admits so many requests in any stretch of `seconds`; all, where there is no limit."""

    def __init__(self, requests_per_minute: float | None, seconds: float) -> None:
        self._most = None if requests_per_minute is None else int(requests_per_minute * seconds / 60)
        self._seconds = seconds
        self._admitted: deque[float] = deque()

    def admit(self) -> bool:
        """Count a request in, if there is room for it."""
        if self.seconds_until_room() > 0:
            return False
        if self._most is not None:
            self._admitted.append(time.monotonic())
        return True

    def seconds_until_room(self) -> float:
        """How long the window stays full; 0: the next request may pass."""
        window_began = time.monotonic() - self._seconds
        while self._admitted and self._admitted[0] <= window_began:
            self._admitted.popleft()
        is_full = self._most is not None and len(self._admitted) >= self._most
        return self._admitted[0] - window_began if is_full else 0.0


def parse_faults(text: str) -> FaultScript:
    """Read a script from `name=number` pairs with commas between, such as `rate_limited=0.2,server_error=0.05`.

    Raises:
        ConfigError: A name is unknown or a value is no number.
    """
    known = {field.name: field.type for field in fields(FaultScript)}
    values: dict[str, float] = {}
    for pair in filter(None, text.split(",")):
        name, _, number = pair.strip().partition("=")
        try:
            values[name] = int(number) if known[name] == "int" else float(number)
        except (KeyError, ValueError):
            raise ConfigError(
                f"faults: expected name=number with a name of {', '.join(known)}, got {pair!r}."
            ) from None
    return FaultScript(**values)  # type: ignore[arg-type]  # the ints are made so above
