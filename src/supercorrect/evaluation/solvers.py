"""Whoever solves problems in an evaluation: a student that runs here, or a model behind an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from supercorrect.budget import Budget
from supercorrect.config import EndpointConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.student import Student
from supercorrect.run_folder import seed_of
from supercorrect.store import RequestStore
from supercorrect.training.rendering import chat_prompt_ids

OnDone = Callable[[int], None]
ENDPOINT_BATCHES_UNDER_WAY = 8
"""How many requests an endpoint is given at once, as a multiple of those that it may work on together."""


@dataclass(frozen=True)
class Written:
    """What a model wrote in reply to one message.

    Attributes:
        finish_reason: As the engine says it; `length` where the text was cut. None: it did not say.
        token_ids: The very ids that were sampled. None: only the text is known.
        failure: Why there is no reply at all, which is no fault of the model's answer. None: there is one.
    """

    text: str
    finish_reason: str | None
    token_ids: tuple[int, ...] | None = None
    failure: str | None = None


class Solver(Protocol):
    """A model that replies to messages; what it has replied once stands in the store."""

    @property
    def name(self) -> str:
        """As the user named it, without what its URL holds of secrets."""

    def batches(self, messages: Sequence[str]) -> list[list[int]]:
        """The messages by index, in the batches in which they are best worked off."""

    def write(
        self,
        messages: Sequence[str],
        sampling: SamplingConfig,
        *,
        sample_index: int = 0,
        on_done: OnDone | None = None,
    ) -> list[Written]:
        """One reply to each message, in order.

        Args:
            sample_index: Which of several replies to the same messages.
            on_done: Told how many replies are there.
        """

    def describe(self) -> dict[str, str | None]:
        """What stands beside each of its figures: engine, fingerprint, revision."""

    def close(self) -> None:
        """Give back what it holds."""


class StudentSolver:
    """A student, under whatever engine."""

    def __init__(self, student: Student, store: RequestStore | None, *, seed: int) -> None:
        self.student = student
        self.store = store
        self.seed = seed

    @property
    def name(self) -> str:
        """A folder or hub id."""
        return self.student.name

    def batches(self, messages: Sequence[str]) -> list[list[int]]:
        """Prompts of similar length together: the very batches that `sample_stored` makes of all of them."""
        lengths = [len(chat_prompt_ids(self.student.tokenizer, message)) for message in messages]
        order = sorted(range(len(messages)), key=lambda i: (lengths[i], i))
        size = self.student.batch_size
        return [order[start : start + size] for start in range(0, len(order), size)]

    def write(
        self,
        messages: Sequence[str],
        sampling: SamplingConfig,
        *,
        sample_index: int = 0,
        on_done: OnDone | None = None,
    ) -> list[Written]:
        """See `Solver.write`."""
        prompts = [chat_prompt_ids(self.student.tokenizer, message) for message in messages]
        seed = seed_of([self.seed, sample_index]) if sample_index else self.seed
        completions = sample_stored(self.student, self.store, prompts, sampling, seed=seed, on_done=on_done)
        return [Written(c.text, c.finish_reason, c.token_ids) for c in completions]

    def describe(self) -> dict[str, str | None]:
        """The hash of its files or its hub id, and the hub's commit where it came from there."""
        return {
            "engine": self.student.engine,
            "fingerprint": self.student.fingerprint,
            "revision": self.student.commit,
        }

    def close(self) -> None:
        """Close the student."""
        self.student.close()


class EndpointSolver:
    """A model behind an OpenAI-compatible URL."""

    def __init__(self, name: str, endpoint: EndpointConfig, store: RequestStore, budget: Budget) -> None:
        self.name = name
        self._endpoint = endpoint
        self._model = OpenAICompatibleModel("student", endpoint, store, budget)
        self._served: set[str] = set()

    def batches(self, messages: Sequence[str]) -> list[list[int]]:
        """In their order, as many together as keep the endpoint busy."""
        size = ENDPOINT_BATCHES_UNDER_WAY * self._endpoint.limits.max_concurrency
        return [list(range(start, min(start + size, len(messages)))) for start in range(0, len(messages), size)]

    def write(
        self,
        messages: Sequence[str],
        sampling: SamplingConfig,
        *,
        sample_index: int = 0,
        on_done: OnDone | None = None,
    ) -> list[Written]:
        """See `Solver.write`."""
        requests = [ChatRequest((("user", message),), sampling, sample_index) for message in messages]
        responses = self._model.ask_all(requests, on_done=(lambda p: on_done(p.done)) if on_done else None)
        self._served |= {r.served_model for r in responses if r.served_model}
        return [
            Written(r.text, r.finish_reason, failure=None if r.is_kept else f"not_answered: {r.status}")
            for r in responses
        ]

    def describe(self) -> dict[str, str | None]:
        """The name that it answered under: an endpoint says no more about what it runs."""
        return {
            "engine": f"endpoint, {self._endpoint.api}",
            "fingerprint": self._endpoint.model,
            "revision": ", ".join(sorted(self._served)) or None,
        }

    def close(self) -> None:
        """Nothing: its connections end with each call."""
