"""The answers to a chat completion, whole and in pieces, in the JSON that OpenAI's clients read."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from supercorrect.serving.chat_requests import ChatRequest
from supercorrect.serving.solving import Attempt, Solved, describe

DONE = b"data: [DONE]\n\n"
WORKING = b": working\n\n"
"""A comment, which keeps the connection from being taken for dead."""


def server_sent(value: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


@dataclass
class ReplyWriter:
    """Writes what one request is told.

    Attributes:
        fingerprint: Of the student.
    """

    request: ChatRequest
    fingerprint: str
    completion_id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    _shown: str = ""

    def whole(self, solved: Solved) -> dict[str, Any]:
        """The answer in one piece: a choice for each solution that was asked for, or one for the vote."""
        choices = []
        for choice, index in enumerate(_choices_of(solved)):
            attempt = solved.attempts[index]
            message: dict[str, Any] = {"role": "assistant", "content": content_of(attempt)}
            if self.request.trace:
                message |= {"reasoning_content": attempt.completion, "trace": describe(solved, index)}
            choices.append(
                {"index": choice, "message": message, "logprobs": None, "finish_reason": _finish_reason(attempt)}
            )
        return self._envelope("chat.completion") | {"choices": choices, "usage": usage_of(solved)}

    def opening(self) -> bytes:
        """The first event of a stream."""
        return self._piece({"role": "assistant", "content": ""})

    def thought(self, text: str) -> bytes | None:
        """What has been added to the first solution since the last time; None: nothing, or nobody asked for it."""
        fresh = text[len(self._shown) :] if text.startswith(self._shown) else ""
        if not fresh or not self.request.trace:
            return None
        self._shown = text
        return self._piece({"reasoning_content": fresh})

    def ending(self, solved: Solved) -> Iterator[bytes]:
        """The rest of a stream: what of the thought was not shown, the answers, why they ended, what they took."""
        indices = _choices_of(solved)
        for choice, index in enumerate(indices):
            attempt = solved.attempts[index]
            if self.request.trace:
                rest = _rest_of_thought(attempt, self._shown if len(indices) == 1 else "")
                yield self._piece({"reasoning_content": rest, "trace": describe(solved, index)}, choice)
            yield self._piece({"content": content_of(attempt)}, choice)
            yield self._piece({}, choice, _finish_reason(attempt))
        if self.request.stream_usage:
            yield server_sent(self._envelope("chat.completion.chunk") | {"choices": [], "usage": usage_of(solved)})
        yield DONE

    def _piece(self, delta: dict[str, Any], choice: int = 0, finish_reason: str | None = None) -> bytes:
        choices = [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
        return server_sent(self._envelope("chat.completion.chunk") | {"choices": choices})

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.completion_id,
            "object": kind,
            "created": self.created,
            "model": self.request.model,
            "system_fingerprint": self.fingerprint,
        }


def content_of(attempt: Attempt) -> str:
    """The final answer; where there is none, all that was written."""
    return attempt.answer or attempt.completion


def usage_of(solved: Solved) -> dict[str, int]:
    """Tokens as OpenAI counts them; what an engine does not say is 0."""
    prompt, completion = solved.prompt_tokens or 0, solved.completion_tokens or 0
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _choices_of(solved: Solved) -> list[int]:
    return [solved.chosen] if solved.votes else list(range(len(solved.attempts)))


def _finish_reason(attempt: Attempt) -> str:
    return attempt.finish_reason or "stop"


def _rest_of_thought(attempt: Attempt, shown: str) -> str:
    """The end of the first solution, then, where it was mended, what was wrong and the solution after it."""
    first = attempt.first or attempt.completion
    rest = first[len(shown) :] if first.startswith(shown) else first
    if attempt.first is None or attempt.finding is None:
        return rest
    found = attempt.finding
    return f"{rest}\n\nStep {found.step} is wrong. {found.cause or ''}\n\n{attempt.completion}"
