"""`supercorrect serve` under load: failures, speed, memory, the same tokens as `solve`, too many at once, and the end.

    python benchmarks/serve_load.py --model runs/sandbox/checkpoints/cross_dpo/model \\
        --problems runs/sandbox/data/problems/held_out.jsonl --requests 10000

Server and clients share the machine, so its figures are what both reach together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx2
import psutil

COMMAND = [sys.executable, "-m", "supercorrect"]
MEMORY_EVERY_REQUESTS = 1000
OVERLOAD_CLIENTS = 300
SIGNAL_SECONDS = 0.2
"""Until a signal has arrived; where all is done by then, later requests find nobody, which is `ConnectError`."""


@dataclass
class Outcomes:
    """What became of requests."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    different: int = 0
    without_retry_after: int = 0
    rss_mib: list[float] = field(default_factory=list)


class Served:
    """A running `supercorrect serve`."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def rss_mib(self) -> float:
        """Memory of the server and of its workers."""
        server = psutil.Process(self.process.pid)
        return sum(one.memory_info().rss for one in (server, *server.children(recursive=True))) / 2**20


@contextmanager
def serving(model: str, *options: str) -> Iterator[Served]:
    """Start a server on a free port."""
    command = [*COMMAND, "serve", "--model", model, "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://\S+/v1", process.stderr.readline())
        assert found, "the server did not start"
        try:
            yield Served(process, found[0])
        finally:
            process.kill()


def solve_all(model: str, problems: list[str], *options: str) -> dict[str, list[int]]:
    """The tokens that `supercorrect solve` writes for each problem."""
    lines = "".join(json.dumps({"problem": problem}) + "\n" for problem in problems)
    command = [*COMMAND, "solve", "--model", model, "--input", "-", "--json", *options]
    output = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in output.splitlines()]
    return {row["problem"]: row["token_ids"] for row in rows}


async def ask(client: httpx2.AsyncClient, served: Served, problem: str, outcomes: Outcomes) -> Any:
    """Ask one problem, and write down what became of it; gives the tokens of the answer."""
    body = {"model": "student", "messages": [{"role": "user", "content": problem}], "include_trace": True}
    begun = time.perf_counter()
    try:
        response = await client.post(f"{served.url}/chat/completions", json=body)
    except httpx2.HTTPError as error:
        outcomes.statuses[type(error).__name__] += 1
        return None
    outcomes.statuses[str(response.status_code)] += 1
    if response.status_code == 429 and "retry-after" not in response.headers:
        outcomes.without_retry_after += 1
    if response.status_code != 200:
        return None
    outcomes.seconds.append(time.perf_counter() - begun)
    return response.json()["choices"][0]["message"]["trace"]["token_ids"]


async def load(served: Served, expected: dict[str, list[int]], requests: int, clients: int) -> Outcomes:
    """So many clients, each with its next request as soon as it has its answer."""
    outcomes = Outcomes()
    left = islice(cycle(expected.items()), requests)

    async def work(client: httpx2.AsyncClient) -> None:
        for problem, tokens in left:
            outcomes.different += await ask(client, served, problem, outcomes) != tokens
            if sum(outcomes.statuses.values()) % MEMORY_EVERY_REQUESTS == 0:
                outcomes.rss_mib.append(round(served.rss_mib(), 1))

    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(timeout=600, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(work(client) for _ in range(clients)))
    return outcomes


async def burst(served: Served, problems: list[str], clients: int) -> Outcomes:
    """So many clients with one request each, at once."""
    outcomes = Outcomes()
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(timeout=600, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(ask(client, served, p, outcomes) for p in islice(cycle(problems), clients)))
    return outcomes


async def drain(served: Served, problems: list[str], clients: int) -> tuple[Outcomes, Outcomes]:
    """A signal while requests are under way, and requests after it."""
    begun, late = Outcomes(), Outcomes()
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(timeout=600, limits=limits, trust_env=False) as client:
        asked = [asyncio.create_task(ask(client, served, p, begun)) for p in islice(cycle(problems), clients)]
        health = served.url.replace("/v1", "/health")
        while (await client.get(health)).json()["in_flight"] + begun.statuses.total() < clients:
            await asyncio.sleep(0.01)
        served.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(SIGNAL_SECONDS)
        await asyncio.gather(*(ask(client, served, p, late) for p in problems[:8]))
        await asyncio.gather(*asked)
    return begun, late


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[round(100 * share) - 1]


def measure(model: str, problems: list[str], requests: int, clients: int, max_new_tokens: int | None) -> dict[str, Any]:
    """All of it."""
    options = ("--max-new-tokens", str(max_new_tokens)) if max_new_tokens else ()
    expected = solve_all(model, problems, *options)
    with serving(model, *options) as served:
        begun = time.perf_counter()
        outcomes = asyncio.run(load(served, expected, requests, clients))
        seconds = time.perf_counter() - begun
        overloaded = asyncio.run(burst(served, problems, OVERLOAD_CLIENTS))
        finished, late = asyncio.run(drain(served, problems, clients))
        exit_code = served.process.wait(timeout=60)
    return {
        "requests": requests,
        "clients": clients,
        "tokens_per_request": round(statistics.fmean(map(len, expected.values())), 1),
        "statuses": dict(outcomes.statuses),
        "different_from_solve": outcomes.different,
        "requests_per_second": round(requests / seconds, 1),
        "seconds_p50": round(percentile(outcomes.seconds, 0.5), 3),
        "seconds_p95": round(percentile(outcomes.seconds, 0.95), 3),
        "rss_mib_every_1000": outcomes.rss_mib,
        "overload": {
            "clients": OVERLOAD_CLIENTS,
            "statuses": dict(overloaded.statuses),
            "429_without_retry_after": overloaded.without_retry_after,
        },
        "drain": {
            "under_way": clients,
            "statuses": dict(finished.statuses),
            "statuses_after_signal": dict(late.statuses),
            "exit_code": exit_code,
        },
    }


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="runs/sandbox/checkpoints/cross_dpo/model")
    parser.add_argument("--problems", type=Path, default=Path("runs/sandbox/data/problems/held_out.jsonl"))
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--max-new-tokens", type=int, help="cut solutions there, for a quicker run")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = options.problems.read_text(encoding="utf-8").splitlines()
    problems = [json.loads(line)["problem"] for line in lines]
    measured = measure(options.model, problems, options.requests, options.clients, options.max_new_tokens)
    if options.json:
        print(json.dumps(measured, indent=2))
    else:
        print("\n".join(f"{name}: {value}" for name, value in measured.items()))


if __name__ == "__main__":
    main()
