"""What an endpoint takes, found out by asking: a few requests of one token each."""

from __future__ import annotations

from typing import Any

from supercorrect.models.endpoint import Access, public_url
from supercorrect.models.exchange import NEW_LIMIT_NAME
from supercorrect.models.plain_http import PlainReply, ask_plainly

_TIMEOUT_SECONDS = 60.0
_QUESTION = {"role": "user", "content": "Say yes."}
_BEGUN = {"role": "assistant", "content": "Yes, because"}
_TOKEN_IDS = [5, 6, 7]


class Probe:
    """Asks one model behind an endpoint what it takes. Servers differ in what they refuse and what they ignore.

    Raises:
        OSError: From each of its methods, where nothing answers.
    """

    def __init__(self, access: Access, model: str) -> None:
        self._access = access
        self._model = model
        self._limit: dict[str, Any] = {"max_tokens": 1}

    def chats(self) -> str | None:
        """Why it answers no chat completion; None: it answers."""
        reply = self._chat()
        if reply.status_code == 400 and NEW_LIMIT_NAME.encode() in reply.content:
            self._limit = {NEW_LIMIT_NAME: 16}
            reply = self._chat()
        if _choices(reply):
            return None
        return self._access.redacted(f"HTTP {reply.status_code}: {reply.content.decode(errors='replace')[:200]}")

    def takes_n(self) -> bool:
        """Whether several samples come for one request."""
        return len(_choices(self._chat(n=2))) == 2

    def takes_logprobs(self) -> bool:
        """Whether log-probabilities come."""
        return any(choice.get("logprobs") for choice in _choices(self._chat(logprobs=True)))

    def continues(self) -> bool:
        """Whether a begun answer is continued: then nothing closes it, and the prompt is shorter."""
        messages = [_QUESTION, _BEGUN]
        closed = self._chat(messages=messages)
        begun = self._chat(messages=messages, add_generation_prompt=False, continue_final_message=True)
        return 0 < _prompt_tokens(begun) < _prompt_tokens(closed)

    def takes_token_ids(self) -> bool:
        """Whether `/completions` continues a prompt of token ids."""
        reply = self._ask("/completions", {"model": self._model, "prompt": _TOKEN_IDS, "max_tokens": 1})
        return _prompt_tokens(reply) == len(_TOKEN_IDS)

    def _chat(self, **more: Any) -> PlainReply:
        return self._ask("/chat/completions", {"model": self._model, "messages": [_QUESTION], **self._limit, **more})

    def _ask(self, path: str, body: dict[str, Any]) -> PlainReply:
        url = public_url(self._access.base_url) + path
        return ask_plainly(self._access, url, body, timeout_seconds=_TIMEOUT_SECONDS)


def _prompt_tokens(reply: PlainReply) -> int:
    """How many tokens of the prompt were read; 0 where the endpoint does not say."""
    usage = reply.value.get("usage")
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return count if isinstance(count, int) else 0


def _choices(reply: PlainReply) -> list[dict[str, Any]]:
    choices = reply.value.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
