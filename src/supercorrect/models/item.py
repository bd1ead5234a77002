"""One request on its way to its one terminal status."""

from __future__ import annotations

from typing import Any, Literal, get_args

from supercorrect.budget import cost_usd
from supercorrect.config import EndpointConfig
from supercorrect.models.protocol import Question
from supercorrect.models.reply import Reply
from supercorrect.store import KeptStatus, StoredResponse

Next = Literal["done", "again", "later"]


class Item:
    """Counts the attempts at one request and says what follows from each reply.

    Attributes:
        max_tokens: The limit of the next attempt; doubled once, after an answer that was cut.
        most_input_tokens: What the prompt cannot pass in any vocabulary.
        kept: The latest reply that may be stored, if nothing better comes. None: none yet.
    """

    def __init__(self, key: str, request: Question, endpoint: EndpointConfig) -> None:
        self.key = key
        self.request = request
        self.max_tokens = request.sampling.max_new_tokens
        self.attempts = 0
        self.kept: Reply | None = None
        self._endpoint = endpoint
        _, self.most_input_tokens = request.input_bounds()
        self._last: Reply | None = None
        self._empty_replies = 0
        self._input_tokens: int | None = 0
        self._output_tokens: int | None = 0

    def body(self, limit_name: str = "max_tokens") -> dict[str, Any]:
        """The next attempt, as JSON; `limit_name` is what the endpoint calls `max_tokens`."""
        return self.request.body(self._endpoint.model, self.max_tokens, limit_name)

    @property
    def call(self) -> str:
        """The next attempt's name, the same in every run, and another for each body."""
        return f"{self.key}/{self.max_tokens}"

    def take(self, reply: Reply) -> Next:
        """Take in a reply: `done`, ask `again` at once, or `later` after a pause."""
        self.attempts += 1
        self._last = reply
        self._add_tokens(reply)
        if reply.status in get_args(KeptStatus):
            self.kept = reply
        if self.attempts >= self._endpoint.limits.max_attempts:
            return "done"
        match reply.status:
            case "truncated" if self.max_tokens == self.request.sampling.max_new_tokens:
                self.max_tokens *= 2
                return "again"
            case "empty":
                self._empty_replies += 1
                return "again" if self._empty_replies == 1 else "done"
            case "failed" | "protocol_error":
                return "later"
        return "done"

    def response(self, role: str) -> StoredResponse:
        """The terminal response: an answer, a reply that may be kept, or else the last error."""
        reply = self.kept or self._last
        if reply is None:
            raise ValueError(f"request {self.key} has not been answered")
        return StoredResponse(
            key=self.key,
            role=role,
            model=self._endpoint.model,
            status=reply.status,
            text=reply.text,
            reasoning=reply.reasoning,
            finish_reason=reply.finish_reason,
            served_model=reply.served_model,
            input_tokens=self._input_tokens,
            output_tokens=self._output_tokens,
            token_ids=reply.token_ids,
            attempts=self.attempts,
            usd=cost_usd(self._endpoint.price, self._input_tokens, self._output_tokens),
            detail=reply.detail,
        )

    def _add_tokens(self, reply: Reply) -> None:
        if reply.status not in get_args(KeptStatus) and reply.input_tokens is None:
            return  # the endpoint told of no charge
        self._input_tokens = _sum(self._input_tokens, reply.input_tokens)
        self._output_tokens = _sum(self._output_tokens, reply.output_tokens)


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second
