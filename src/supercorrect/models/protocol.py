"""What a stage needs of a model, whatever runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from supercorrect.config import SamplingConfig
from supercorrect.models.reply import Reply, read_reply
from supercorrect.store import ResponseStatus, StoredResponse

_TEMPLATE_TOKENS = 16


class Question(Protocol):
    """What can be put to an endpoint, and how its reply is read."""

    @property
    def sampling(self) -> SamplingConfig:
        """How the reply is drawn."""

    @property
    def path(self) -> str:
        """Where it is put, below the base URL."""

    def input_bounds(self) -> tuple[int, int]:
        """The fewest and the most tokens that it can have in any vocabulary."""

    def body(self, model: str, max_tokens: int, limit_name: str) -> dict[str, Any]:
        """As JSON; `limit_name` is what the endpoint calls `max_tokens`."""

    def read(self, content: bytes, model: str, *, is_response: bool = False) -> Reply:
        """Read the body of a reply with status 200.

        Args:
            model: The name that the endpoint answers under.
            is_response: Whether it is one of the Responses API.
        """


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a model.

    Attributes:
        messages: Pairs of role and content, in order.
        sample_index: Which of several answers to the same messages this is, from 0.
    """

    messages: tuple[tuple[str, str], ...]
    sampling: SamplingConfig
    sample_index: int = 0

    @property
    def path(self) -> str:
        """Chat completions."""
        return "/chat/completions"

    def input_bounds(self) -> tuple[int, int]:
        """Its words; its bytes, and what a chat template puts around each message."""
        contents = [content for _, content in self.messages]
        most = sum(len(content.encode()) + _TEMPLATE_TOKENS for content in contents)
        return sum(len(content.split()) for content in contents), most

    def body(self, model: str, max_tokens: int, limit_name: str) -> dict[str, Any]:
        """See `Question.body`."""
        return {
            "model": model,
            "messages": [{"role": role, "content": content} for role, content in self.messages],
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            limit_name: max_tokens,
        }

    def read(self, content: bytes, model: str, *, is_response: bool = False) -> Reply:
        """See `Question.read`."""
        return read_reply(content, model, self.input_bounds()[0], is_response)


@dataclass(slots=True)
class Progress:
    """How far `ask_all` is. The same object at each call; it counts distinct requests.

    Attributes:
        done: Requests that have their response, those that were in the store before included.
        reused: Requests that were in the store before, and cost nothing now.
        statuses: How many responses have which status, over all `done`.
        input_tokens: Charged in this call, as far as the endpoint said.
        output_tokens: Charged in this call, as far as the endpoint said.
        usd: Spent in this call. None: unknown.
        note: What a batch is at, in words; empty where requests go out one by one.
    """

    total: int
    done: int = 0
    reused: int = 0
    statuses: Counter[ResponseStatus] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0
    note: str = ""

    def count_reused(self, response: StoredResponse) -> None:
        """Take in a response that was in the store before."""
        self.done += 1
        self.reused += 1
        self.statuses[response.status] += 1

    def count_fresh(self, response: StoredResponse) -> None:
        """Take in a response that has just been paid for."""
        self.done += 1
        self.statuses[response.status] += 1
        self.input_tokens += response.input_tokens or 0
        self.output_tokens += response.output_tokens or 0
        self.usd = None if self.usd is None or response.usd is None else self.usd + response.usd


class ChatModel(Protocol):
    """A model in one role, under the name that its answers are filed by."""

    @property
    def role(self) -> str:
        """The part it plays: teacher, inspector, judge, student."""

    @property
    def name(self) -> str:
        """The model's name, as it stands in records."""

    def key(self, request: ChatRequest) -> str:
        """The key of a request in the store."""

    def ask_all(
        self, requests: Sequence[ChatRequest], *, on_done: Callable[[Progress], None] | None = None
    ) -> list[StoredResponse]:
        """Answer every request, in their order; what the store holds costs nothing.

        A response may have a status other than `ok`: that is data, for the stage to refuse with its reason.

        Args:
            on_done: Called after each response is safe on disk, and once before the first.

        Raises:
            SuperCorrectError: The stage cannot go on; whatever has been answered is kept.
        """
