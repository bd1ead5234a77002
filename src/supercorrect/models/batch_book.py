"""What waits, what is at work in which batch, and what that may cost: written down before anything is sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from supercorrect.budget import Budget, cost_usd
from supercorrect.config import BatchConfig, EndpointConfig
from supercorrect.errors import BudgetReachedError
from supercorrect.models.batch_endpoint import not_answered
from supercorrect.models.item import Item
from supercorrect.models.protocol import ChatRequest
from supercorrect.models.reply import Reply
from supercorrect.store import BatchEntry, BatchLog, RequestStore, StoredResponse

_MOST_BYTES = 100_000_000  # of one upload; OpenAI takes 200 MB


@dataclass
class SentBatch:
    """Requests that are one batch.

    Attributes:
        batch_id: Empty until the server has it.
        progress: What the server last said of it, in words.
    """

    marker: str
    keys: list[str] = field(default_factory=list)
    batch_id: str = ""
    progress: str = ""


class BatchBook:
    """The requests of one `ask_all` in batches.

    Attributes:
        items: Those that are not answered for good, by key.
        at_work: Batches that have not been taken in.
    """

    def __init__(self, role: str, endpoint: EndpointConfig, store: RequestStore, budget: Budget) -> None:
        self.items: dict[str, Item] = {}
        self.at_work: list[SentBatch] = []
        self.log = BatchLog(store)
        self._role = role
        self._endpoint = endpoint
        self._settings = endpoint.batch or BatchConfig()
        self._store = store
        self._budget = budget
        self._worst_usd: dict[str, float] = {}

    def open(self, pending: Mapping[str, ChatRequest]) -> list[BatchEntry]:
        """Bring the requests to where an earlier run has left them; returns the batches that it has begun."""
        self.items = {key: Item(key, request, self._endpoint) for key, request in pending.items()}
        for key, replies in self.log.replies().items():
            if (item := self.items.get(key)) is not None:
                for text in replies:
                    reply = Reply(**json.loads(text))
                    item.take(reply)
                    self._budget.spent_usd += self._cost_usd(reply) or 0.0
        return self.log.open_entries(self.items)

    def adopt(self, entry: BatchEntry, batch_id: str) -> None:
        """Go on with a batch of an earlier run. Its money is gone, whatever the budget says."""
        self.log.created(entry.marker, batch_id)
        batch = SentBatch(entry.marker, [key for key in entry.keys if key in self.items], batch_id)
        for key in batch.keys:
            self._worst_usd[key] = self._worst_case_usd(self.items[key])
            self._budget.set_aside(self._worst_usd[key])
        self.at_work.append(batch)

    def plan(self, size_of: Callable[[Item], int]) -> None:
        """Write down what goes to the server next: all that waits, or as much of it as the budget bears.

        Args:
            size_of: The bytes that an item takes in an upload.

        Raises:
            BudgetReachedError: It does not bear one request, and none is at work.
            StorageError: There is no room on the disk for what would come back.
        """
        self._store.require_free_space()
        planned: list[SentBatch] = []
        size_bytes = 0
        for item in self._waiting():
            if not self._reserve(item, is_alone=not (planned or self.at_work)):
                break
            item_bytes = size_of(item)
            is_full = bool(planned) and len(planned[-1].keys) >= self._settings.max_requests
            if not planned or is_full or size_bytes + item_bytes > _MOST_BYTES:
                planned.append(SentBatch(secrets.token_hex(16)))
                size_bytes = 0
            planned[-1].keys.append(item.key)
            size_bytes += item_bytes
        for batch in planned:
            self.log.begin(batch.marker, batch.keys)
        self.at_work += planned

    def take_in(self, batch: SentBatch, replies: Mapping[str, Reply], detail: str) -> list[StoredResponse]:
        """Take in what a batch has brought; returns the responses that are final, and safe on disk.

        Args:
            detail: What is said of a request without a reply; it costs nothing, and is sent again.
        """
        finished: list[StoredResponse] = []
        to_keep: dict[str, str | None] = {}
        for key in batch.keys:
            item, reply = self.items[key], replies.get(key) or not_answered(detail)
            self._budget.settle(self._worst_usd.pop(key), self._cost_usd(reply))
            if item.take(reply) == "done":
                finished.append(item.response(self._role))
            else:
                to_keep[key] = None if reply.input_tokens == 0 else json.dumps(asdict(reply))
        self._store.put_many([response for response in finished if response.is_kept])
        self.log.take(batch.marker, to_keep, [response.key for response in finished])
        self.at_work.remove(batch)
        for response in finished:
            del self.items[response.key]
        return finished

    def _waiting(self) -> Sequence[Item]:
        sent = {key for batch in self.at_work for key in batch.keys}
        return [item for key, item in self.items.items() if key not in sent]

    def _reserve(self, item: Item, *, is_alone: bool) -> bool:
        worst_usd = self._worst_case_usd(item)
        try:
            is_reserved = self._budget.reserve(worst_usd)
        except BudgetReachedError:
            if is_alone:
                raise
            return False
        if is_reserved:
            self._worst_usd[item.key] = worst_usd
        return is_reserved

    def _worst_case_usd(self, item: Item) -> float:
        return cost_usd(self._endpoint.price, item.most_input_tokens, item.max_tokens) or 0.0

    def _cost_usd(self, reply: Reply) -> float | None:
        return cost_usd(self._endpoint.price, reply.input_tokens, reply.output_tokens)
