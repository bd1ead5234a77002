"""What a stage needs of a model, whatever runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from supercorrect.config import SamplingConfig
from supercorrect.store import ResponseStatus, StoredResponse


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
