"""OpenAI's Responses, for the models that want them: its bodies told in the words of chat completions."""

from __future__ import annotations

from typing import Any

_STOPPED_BY = {"max_output_tokens": "length", "content_filter": "content_filter"}


def responses_body(chat: dict[str, Any], limit_name: str) -> dict[str, Any]:
    """The body for `/responses` of one for `/chat/completions`. Nothing is kept on the server.

    Args:
        limit_name: What the chat body calls its token limit.
    """
    kept = {name: value for name, value in chat.items() if name not in ("messages", limit_name)}
    return kept | {"input": chat["messages"], "max_output_tokens": chat[limit_name], "store": False}


def as_completion(response: dict[str, Any]) -> dict[str, Any]:
    """A response as the chat completion that says the same; one that failed has no choice.

    Raises:
        LookupError, TypeError, AttributeError: It is no response.
    """
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    thoughts = [
        part for item in response["output"] if item["type"] == "reasoning" for part in item.get("summary") or []
    ]
    reason = (response.get("incomplete_details") or {}).get("reason")
    message = {
        "content": [part for part in parts if part["type"] == "output_text"],
        "reasoning": thoughts,
        "refusal": "".join(part["refusal"] for part in parts if part["type"] == "refusal") or None,
    }
    usage = response.get("usage") or {}
    ended = response["status"] in ("completed", "incomplete")
    return {
        "model": response.get("model"),
        "choices": [{"message": message, "finish_reason": _STOPPED_BY.get(str(reason), "stop")}] if ended else [],
        "usage": {"prompt_tokens": usage.get("input_tokens"), "completion_tokens": usage.get("output_tokens")},
    }
