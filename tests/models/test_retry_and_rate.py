"""Waits, limits, breaker and budget, by hand-derived numbers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from supercorrect.budget import Budget, cost_usd
from supercorrect.config import PriceConfig
from supercorrect.errors import BudgetReachedError
from supercorrect.models.rate import AdaptiveConcurrency, Pace
from supercorrect.models.retry import CircuitBreaker, backoff_seconds, retry_after_seconds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "86400"}, 86400),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 2026 12:05:00 GMT"}, 300),
        ({"retry-after": "Thu, 01 Jan 2026 14:05:00 +0200"}, 300),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "nan", "retry-after": "1"}, 1),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOON) == seconds


def test_backoff_is_jittered_from_zero_up_to_a_bound_that_doubles() -> None:
    for failures, bound in ((1, 0.5), (2, 1.0), (5, 8.0), (50, 60.0)):
        drawn = [backoff_seconds(failures) for _ in range(500)]
        assert 0 <= min(drawn) < 0.05 * bound and 0.95 * bound < max(drawn) <= bound


def test_the_breaker_counts_a_burst_once_and_a_success_ends_the_row() -> None:
    breaker = CircuitBreaker()
    assert not any(breaker.failed(started_seconds=0.0, now_seconds=1.0 + n) for n in range(64))
    assert not any(breaker.failed(started_seconds=2.0 + n, now_seconds=3.0 + n) for n in range(18))
    breaker.succeeded()
    assert not any(breaker.failed(started_seconds=n, now_seconds=n + 0.5) for n in range(30, 49))
    assert breaker.failed(started_seconds=50.0, now_seconds=51.0)


def test_requests_are_spaced_by_whichever_limit_is_tighter() -> None:
    pace = Pace(requests_per_minute=60, tokens_per_minute=6000)
    places = [pace.reserve(100.0, tokens) for tokens in (10, 1000, 10, 10)]
    steps = [later - earlier for earlier, later in pairwise(places)]
    assert places[0] == 100.0
    assert steps == pytest.approx([1 / 0.97, 10 / 0.97, 1 / 0.97])
    pace.correct(-100)
    assert pace.reserve(100.0, 0) == pytest.approx(places[-1] + (1 - 1) / 0.97)


def test_no_limit_means_no_wait_until_the_server_asks_for_one() -> None:
    pace = Pace(None, None)
    assert pace.reserve(5.0, 10**6) == pace.reserve(5.0, 10**6) == 5.0
    pace.hold_until(9.0)
    pace.hold_until(7.0)
    assert pace.wait_seconds(5.0, 6.0) == 3.0


def test_concurrency_is_halved_once_for_a_burst_and_grows_back() -> None:
    gate = AdaptiveConcurrency(16)
    assert gate.narrow(started_seconds=1.0, now_seconds=2.0)
    assert not gate.narrow(started_seconds=1.5, now_seconds=2.5)
    assert gate.limit == 8
    for _ in range(9):
        gate.widen()
    assert 8.9 < gate.limit <= 9.1
    for n in range(10):
        gate.narrow(started_seconds=10.0 + n, now_seconds=10.5 + n)
    assert gate.limit == 1
    for _ in range(1000):
        gate.widen()
    assert gate.limit == 16


def test_the_gate_lets_in_as_many_as_its_limit() -> None:
    async def crowd() -> int:
        gate, inside, most = AdaptiveConcurrency(4), 0, 0

        async def visit() -> None:
            nonlocal inside, most
            async with gate:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.001)
                inside -= 1

        await asyncio.wait_for(asyncio.gather(*(visit() for _ in range(50))), 5)
        return most

    assert asyncio.run(crowd()) == 4


def test_a_cost_with_an_unknown_part_is_unknown() -> None:
    price = PriceConfig(input_usd_per_million_tokens=2, output_usd_per_million_tokens=8)
    assert cost_usd(price, 1000, 500) == pytest.approx(0.006)
    assert cost_usd(None, 1000, 500) is cost_usd(price, None, 500) is cost_usd(price, 1000, None) is None


def test_a_budget_counts_what_is_under_way_and_what_nobody_knows() -> None:
    budget = Budget(1.0, spent_usd=0.4)
    assert budget.reserve(0.5)
    assert not budget.reserve(0.5)  # it may fit when the first has its true cost
    budget.settle(0.5, 0.1)
    assert budget.reserve(0.5)
    budget.settle(0.5, None)
    assert budget.spent_usd == pytest.approx(1.0)
    with pytest.raises(BudgetReachedError, match=r"\$1\.0000 of max_cost_usd = \$1\.0000 are spent"):
        budget.reserve(0.01)
    assert Budget(None, spent_usd=10**6).reserve(10**6)
