"""Under load nothing is lost, sockets are closed, and what serves for an hour holds no more memory than at first."""

from __future__ import annotations

import os
import time
from urllib.request import urlopen

import pytest

from load import ask_as_client, memory_mb, served
from small_runs import small_recipe
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter

SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "3600"))
GROWTH_MB = 20
"""What allocators and caches may still take after the first tenth of the time."""


@pytest.mark.slow
def test_a_thousand_requests_at_a_time_lose_nothing() -> None:
    with served("mock-teacher", "--port", "8720") as (_, address):
        load = ask_as_client(address, requests=3000, concurrency=1000)
    print(load)
    assert (load.failures, load.sockets_left) == (0, 0)
    assert load.memory_mb_after < 500


@pytest.mark.slow
def test_an_hour_under_load_takes_no_more_memory_than_its_beginning(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The viewer, the mock teacher and the client; `SOAK_SECONDS` sets another time."""
    run = tmp_path_factory.mktemp("soak") / "run"
    Pipeline(small_recipe(run), Reporter(quiet=True)).run(until="corrections")
    with (
        served("view", str(run), "--port", "0", "--no-browser") as (viewer, pages),
        served("mock-teacher", "--port", "8721") as (teacher, address),
    ):
        held: dict[str, list[float]] = {"viewer": [], "mock teacher": [], "client": []}
        began = time.monotonic()
        warm = False
        while (passed := time.monotonic() - began) < SOAK_SECONDS:
            assert ask_as_client(address, requests=200, concurrency=32).failures == 0
            for path in ("/", "/runs/0", "/runs/0/items", "/runs/0/items?q=solve"):
                with urlopen(pages + path) as page:
                    assert page.status == 200
            warm = warm or passed > SOAK_SECONDS / 10
            if warm:
                for name, pid in (("viewer", viewer), ("mock teacher", teacher), ("client", os.getpid())):
                    held[name].append(memory_mb(pid))
    rounds = len(held["client"])
    print(f"{200 * rounds} requests and {4 * rounds} pages after the first tenth")
    for name, figures in held.items():
        print(f"{name}: {figures[0]:.0f} MB at first, {max(figures):.0f} MB at most, {figures[-1]:.0f} MB at the end")
        assert figures[-1] - figures[0] < GROWTH_MB, name
