"""What a chat completion's body says: an answer, or the one reason why it is none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from supercorrect.models.responses import as_completion
from supercorrect.store import ResponseStatus


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request. Token counts are None where the endpoint did not give them.

    Attributes:
        token_ids: The ids that were sampled, where the endpoint gave them.
        is_unreachable: No connection could be made at all.
    """

    status: ResponseStatus
    text: str = ""
    reasoning: str | None = None
    finish_reason: str | None = None
    served_model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_ids: tuple[int, ...] | None = None
    detail: str = ""
    is_unreachable: bool = False


@dataclass(frozen=True, slots=True)
class RateLimited:
    """The endpoint turned the request away. `wait_seconds` None: it does not say for how long."""

    wait_seconds: float | None
    detail: str


def read_reply(body: bytes, model: str, least_input_tokens: int, is_response: bool = False) -> Reply:
    """Read the body of a response with status 200, whatever it is.

    Args:
        model: The name that was asked for, or that the recipe says the endpoint answers under.
        least_input_tokens: A count that the prompt cannot fall below; half of it means that the endpoint cut the
            prompt in silence.
        is_response: Whether it is one of the Responses API.
    """
    try:
        content = json.loads(body)
        reply = _read_completion(as_completion(content) if is_response else content)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        shown = body.decode("utf-8", errors="replace")
        return Reply("protocol_error", detail=f"expected a chat completion, got ({type(error).__name__}): {shown}")
    if reply.served_model is not None and not _same_model(model, reply.served_model):
        return replace(
            reply, status="protocol_error", detail=f"asked for model {model!r}, answered by {reply.served_model!r}"
        )
    if reply.input_tokens is not None and 2 * reply.input_tokens < least_input_tokens:
        detail = f"the prompt has {least_input_tokens} words or more, the endpoint read {reply.input_tokens} tokens"
        return replace(reply, status="prompt_truncated", detail=detail)
    return reply


def _read_completion(completion: dict[str, Any]) -> Reply:
    choices = completion["choices"]
    usage = completion.get("usage") or {}
    message = choices[0]["message"]
    finish_reason = choices[0].get("finish_reason")
    text = _text_of(message.get("content"))
    reasoning = _text_of(message.get("reasoning") or message.get("reasoning_content"))
    refusal = _text_of(message.get("refusal"))
    reply = Reply(
        "ok",
        text,
        reasoning or None,
        finish_reason,
        completion.get("model"),
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
    )
    if len(choices) > 1:
        return replace(reply, status="protocol_error", detail=f"expected 1 choice, got {len(choices)}")
    if finish_reason == "length":  # before all else: a cut answer may be empty, and is never a success
        return replace(reply, status="truncated", detail="the answer reached its token limit")
    if finish_reason == "content_filter" or refusal:
        return replace(reply, status="refused", detail=refusal or "the endpoint's content filter")
    if not text.strip():
        return replace(reply, status="empty", detail="no text in the answer")
    return reply


def _text_of(content: Any) -> str:
    """The text of a content field: a string, a list of parts, or nothing; half of a surrogate pair becomes U+FFFD."""
    if content is None:
        return ""
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content)
    if not isinstance(content, str):
        raise TypeError(f"expected text, got {type(content).__name__}")
    return content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _same_model(asked: str, served: str) -> bool:
    """Whether two names differ by no more than an organisation in front, and a version, date or format behind."""
    shorter, longer = sorted((name.rpartition("/")[2].lower() for name in (asked, served)), key=len)
    rest = longer.removeprefix(shorter)
    return longer.startswith(shorter) and re.fullmatch(r"([-@:.]v?\d.*|[@:].*|\.gguf|-latest)?", rest) is not None
