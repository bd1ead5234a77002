"""What a server takes on: so that no request, and no number of them, can be too much for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of a server.

    Attributes:
        concurrency: Requests that are worked on at the same time.
        waiting: Requests that may wait for those; one more is told to come again.
        body_bytes: The longest request.
        body_seconds: The longest time in which it may arrive.
        new_tokens: The longest solution that can be asked for. None: the student's own limit.
        samples: Most solutions of a request, voting or not.
    """

    concurrency: int = 64
    waiting: int = 64
    body_bytes: int = 1_000_000
    body_seconds: float = 30.0
    new_tokens: int | None = None
    samples: int = 64
