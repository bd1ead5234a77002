"""A model behind an OpenAI-compatible URL, asked through the store: what is paid for is never asked again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from supercorrect.budget import Budget
from supercorrect.config import EndpointConfig
from supercorrect.courier.late import LateAnswers
from supercorrect.errors import ConfigError
from supercorrect.models.batch_session import BatchSession
from supercorrect.models.endpoint import read_access
from supercorrect.models.price import with_charged_price
from supercorrect.models.protocol import ChatRequest, Progress
from supercorrect.models.session import Session
from supercorrect.store import BatchLog, RequestStore, StoredResponse, UnansweredLog, request_key

log = logging.getLogger(__name__)


class OpenAICompatibleModel:
    """A `ChatModel` for any server that speaks `/chat/completions`.

    Args:
        budget: The run's, shared by all its models. None: no limit.

    Raises:
        ConfigError: The URL is none, the environment holds no key, or a budget has to be kept at an unknown price.
    """

    def __init__(self, role: str, endpoint: EndpointConfig, store: RequestStore, budget: Budget | None = None) -> None:
        self.role = role
        self.name = endpoint.model
        self._endpoint = with_charged_price(endpoint)
        self._access = read_access(role, endpoint)
        self._store = store
        self._budget = budget or Budget()
        if self._budget.max_cost_usd is not None and self._endpoint.price is None:
            raise ConfigError(
                f"{role}: expected a price for {endpoint.model!r}, as max_cost_usd is set, got none: an unknown price "
                f"is not 0. Write `price` under {role} (0 for a model that costs nothing), or take max_cost_usd away."
            )

    def key(self, request: ChatRequest) -> str:
        """The key of a request in the store."""
        return request_key(self._endpoint.model, request.messages, request.sampling, request.sample_index)

    def ask_all(
        self, requests: Sequence[ChatRequest], *, on_done: Callable[[Progress], None] | None = None
    ) -> list[StoredResponse]:
        """Answer every request, in their order: see `ChatModel.ask_all`.

        Raises:
            TeacherAccessError: The endpoint refuses the key, or the account has no quota left.
            TeacherUnreachableError: The endpoint cannot be reached, fails again and again, or asks to wait too long.
            BudgetReachedError: The next request could pass the budget.
            InterruptedRunError: SIGINT or SIGTERM came, and the requests under way have been answered.
            StorageError: The disk takes no more.
        """
        keys = [self.key(request) for request in requests]
        responses = self._store.get_many(keys)
        progress = Progress(total=len(set(keys)))
        for response in responses.values():
            progress.count_reused(response)
        report = on_done or (lambda _: None)
        report(progress)
        pending = {key: request for key, request in zip(keys, requests, strict=True) if key not in responses}

        def take(response: StoredResponse) -> None:
            responses[response.key] = response
            progress.count_fresh(response)
            report(progress)

        def show(note: str) -> None:
            progress.note = note
            report(progress)

        with LateAnswers(self._store.path, self._endpoint.limits.timeout_seconds, self._store.get_many) as late:
            if pending:
                asyncio.run(self._run(pending, late, take, show))
        if failed := [responses[key] for key in pending if not responses[key].is_kept]:
            UnansweredLog(self._store).note(failed)
        return [responses[key] for key in keys]

    async def _run(
        self,
        pending: Mapping[str, ChatRequest],
        late: LateAnswers,
        take: Callable[[StoredResponse], None],
        show: Callable[[str], None],
    ) -> None:
        parts = (self.role, self._endpoint, self._access, self._store, self._budget)
        await late.wait_for_lists()
        count = late.count(pending.keys())
        if self._endpoint.batch is not None:
            if count:
                log.warning("%s: %d answers came late; without `batch` they would be taken in", self.role, count)
            await BatchSession(*parts).run(pending, take, show)
        else:
            self._warn_of_batches(pending)
            if count:
                show(f"{count} late answers")
            await Session(*parts, late).run(pending, take)

    def _warn_of_batches(self, pending: Mapping[str, ChatRequest]) -> None:
        left = [entry.batch_id for entry in BatchLog(self._store).open_entries(pending) if entry.batch_id]
        if left:
            log.warning(
                "%s: answers of %s have not been taken in, and are asked for again; `batch: true` would fetch them",
                self.role,
                ", ".join(left),
            )
