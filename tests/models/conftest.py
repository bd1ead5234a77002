"""A mock teacher over a real socket, and a model that asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette

from supercorrect.config import BatchConfig, EndpointConfig, LimitsConfig, PriceConfig, SamplingConfig
from supercorrect.models import Budget, ChatRequest, OpenAICompatibleModel
from supercorrect.sandbox.ledger import LedgerRow
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.store import RequestStore

PRICE = PriceConfig(input_usd_per_million_tokens=1_000, output_usd_per_million_tokens=10_000)


class Mock:
    """A running mock teacher that answers with the last message."""

    def __init__(self, stack: ExitStack, app: Starlette) -> None:
        self.ledger: list[LedgerRow] = getattr(app.state, "ledger", [])
        self.batches: dict[str, object] = getattr(app.state, "batches", {})
        self.url = stack.enter_context(running_app(app))

    def outcomes(self) -> list[str]:
        return [row.outcome for row in self.ledger]


@pytest.fixture
def start() -> Iterator[Callable[..., Mock]]:
    """Start a server: `start(options)` the mock teacher, `start(app=app)` any other."""
    with ExitStack() as stack:

        def start_one(options: MockOptions | None = None, app: Starlette | None = None) -> Mock:
            return Mock(stack, app or create_app(lambda messages: messages[-1]["content"], options))

        yield start_one


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RequestStore]:
    with RequestStore(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def connect(store: RequestStore) -> Callable[..., OpenAICompatibleModel]:
    """Make a teacher on a URL: `connect(url, budget=…, max_attempts=…, price=…)`."""

    def connect_one(
        url: str,
        budget: Budget | None = None,
        api_key_env: str | None = None,
        served_model: str | None = None,
        price: PriceConfig | None = PRICE,
        batch: BatchConfig | None = None,
        **limits: float,
    ) -> OpenAICompatibleModel:
        endpoint = EndpointConfig(
            model="mock",
            base_url=url,
            api_key_env=api_key_env,
            served_model=served_model,
            price=price,
            batch=batch,
            limits=LimitsConfig(**limits),
        )
        return OpenAICompatibleModel("teacher", endpoint, store, budget)

    return connect_one


@pytest.fixture
def ask() -> Callable[..., list[ChatRequest]]:
    """Make so many distinct requests, of ten words each."""

    def make(count: int, max_new_tokens: int = 20) -> list[ChatRequest]:
        sampling = SamplingConfig(max_new_tokens=max_new_tokens)
        return [
            ChatRequest((("system", "Think step by step."), ("user", f"Problem {n} is : what comes after ?")), sampling)
            for n in range(count)
        ]

    return make
