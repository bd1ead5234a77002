"""A question to a model under its key, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from supercorrect.config import SamplingConfig

KeptStatus = Literal["ok", "truncated", "refused", "empty"]
ErrorStatus = Literal["prompt_truncated", "protocol_error", "bad_request", "failed"]
ResponseStatus = KeptStatus | ErrorStatus
_KEPT_STATUSES = frozenset(get_args(KeptStatus))


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What a model answered to one request, with all that it took to get it.

    Attributes:
        key: `request_key` of the request.
        status: `ok`, or why there is no answer to use. Only a `KeptStatus` is ever stored; after an `ErrorStatus` a
            later run asks again.
        text: The raw completion, before any parsing.
        reasoning: What the endpoint gave apart from the completion, under `reasoning` or `reasoning_content`.
        served_model: The name that the endpoint answered under.
        input_tokens: Prompt tokens charged, over all attempts. None: the endpoint did not say.
        output_tokens: Completion tokens charged, over all attempts. None: the endpoint did not say.
        token_ids: The very ids that were sampled, where the model runs here. None: only the text is known.
        attempts: Requests made, without those that a rate limit turned away.
        usd: Cost of all attempts. None: unknown.
        detail: What is behind a status other than `ok`.
    """

    key: str
    role: str
    model: str
    status: ResponseStatus
    text: str
    reasoning: str | None = None
    finish_reason: str | None = None
    served_model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_ids: tuple[int, ...] | None = None
    attempts: int = 1
    usd: float | None = None
    detail: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the store takes it: it answers the request, well or badly."""
        return self.status in _KEPT_STATUSES


def request_key(
    model: str, messages: Sequence[tuple[str, str]], sampling: SamplingConfig, sample_index: int = 0
) -> str:
    """SHA-256 over all that decides an answer; not over the key, the URL or the limits, which do not.

    Args:
        messages: Pairs of role and content.
        sample_index: Which of several answers to the same messages this is.
    """
    digest = hashlib.sha256()
    parts = [model, sampling.model_dump_json(exclude_none=True), str(sample_index)]
    parts += [part for message in messages for part in message]
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(encoded))  # the length first: no two lists of parts read alike
        digest.update(encoded)
    return digest.hexdigest()
