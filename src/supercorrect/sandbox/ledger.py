"""What the mock teacher writes down of each request: the judge of who was asked what, how often, and paid for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from supercorrect.sandbox.faults import Fault

Outcome = Literal["ok", "unauthorized", "quota", "limit"] | Fault


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One request as the server saw it. Tokens are 0 where nothing was charged.

    Attributes:
        request_hash: SHA-256 of the request without its token limit: a retry at twice the limit is the same request.
        attempt: 1 for the first time that this request came.
        received_seconds: Wall-clock time of its coming, or of its turn in a batch.
        batch_id: The batch that it came in. None: it came alone.
    """

    request_hash: str
    attempt: int
    outcome: Outcome
    input_tokens: int
    output_tokens: int
    received_seconds: float
    batch_id: str | None = None


def request_hash(body: dict[str, Any]) -> str:
    """The name of a request in the ledger: all of it but its token limit."""
    named = {name: value for name, value in body.items() if name not in ("max_tokens", "max_completion_tokens")}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
