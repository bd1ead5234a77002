"""R1 and R2: a run is killed or stopped at random points and started again; the server's ledger is the judge."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from supercorrect.config import EndpointConfig, SamplingConfig
from supercorrect.models import ChatRequest
from supercorrect.models.item import Item
from supercorrect.records import Rejection
from supercorrect.sandbox.ledger import request_hash
from supercorrect.sandbox.server import MockOptions
from supercorrect.store import RequestStore, request_key

CONCURRENCY = 16
RUN = """
import sys
from pathlib import Path
from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.errors import SuperCorrectError
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.records import Rejection
from supercorrect.store import RequestStore, RunLock, write_records

folder, url, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
limits = LimitsConfig(max_concurrency=16, timeout_seconds=30)
endpoint = EndpointConfig(model="mock", base_url=url, api_key_env=None, limits=limits)
requests = [ChatRequest((("user", f"Problem {n}"),), SamplingConfig()) for n in range(count)]
try:
    with RunLock(folder), RequestStore(folder / "store.sqlite") as store:
        responses = OpenAICompatibleModel("teacher", endpoint, store).ask_all(requests)
    rows = [Rejection(stage="s", item_id=r.key, reason=r.status, detail=r.text) for r in responses]
    write_records(folder / "data.jsonl", rows)
except SuperCorrectError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


class Run:
    """A teacher stage of `count` requests, in processes that can be killed."""

    def __init__(self, folder: Path, mock, count: int) -> None:
        self.folder, self.mock, self.count = folder, mock, count

    def begin(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, str(self.folder), self.mock.url, str(self.count)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def begin_and_wait_for(self, requests: int) -> subprocess.Popen[str]:
        """Begin, and return when the server has got so many requests more than before."""
        enough = len(self.mock.ledger) + requests
        process = self.begin()
        while len(self.mock.ledger) < enough and process.poll() is None:
            time.sleep(0.001)
        return process

    def finish(self) -> bytes:
        """Run to the end; returns the data set."""
        process = self.begin()
        _, errors = process.communicate()
        assert process.returncode == 0, errors
        return (self.folder / "data.jsonl").read_bytes()

    def committed(self) -> set[str]:
        """The keys in the store."""
        with RequestStore(self.folder / "store.sqlite") as store:
            return {row[0] for row in store._connection.execute("SELECT key FROM responses")}

    def hashes(self) -> dict[str, str]:
        """The server's name for a request, by key."""
        endpoint, found = EndpointConfig(model="mock"), {}
        for n in range(self.count):
            request = ChatRequest((("user", f"Problem {n}"),), SamplingConfig())
            key = request_key("mock", request.messages, request.sampling)
            found[key] = request_hash(Item(key, request, endpoint).body())
        return found

    def repeats(self) -> int:
        return sum(times - 1 for times in Counter(row.request_hash for row in self.mock.ledger).values())


def undisturbed(hashes: dict[str, str]) -> bytes:
    """The data set that any run must end with."""
    rows = (Rejection(stage="s", item_id=key, reason="ok", detail=f"Problem {n}") for n, key in enumerate(hashes))
    return "".join(row.model_dump_json() + "\n" for row in rows).encode()


@pytest.mark.parametrize(("count", "kills"), [(200, 3), pytest.param(2000, 50, marks=pytest.mark.slow)])
def test_sigkill_loses_nothing_that_was_committed(start, tmp_path: Path, count: int, kills: int) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    run = Run(tmp_path, start(MockOptions(latency_seconds=0.02)), count)
    hashes = run.hashes()
    for _ in range(kills):
        process = run.begin_and_wait_for(rng.randrange(1, 2 * count // (kills + 1)))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        time.sleep(0.05)  # what was on its way to the server has come
        if (tmp_path / "store.sqlite").exists():
            committed = {hashes[key] for key in run.committed()}
            asked_before = len(run.mock.ledger)
    data = run.finish()
    assert not committed & {row.request_hash for row in list(run.mock.ledger)[asked_before:]}
    assert {row.request_hash for row in run.mock.ledger} == set(hashes.values())
    assert run.repeats() <= CONCURRENCY * kills
    print(f"{run.repeats()} repeats after {kills} kills")
    assert data == undisturbed(run.hashes())


@pytest.mark.parametrize(
    ("number", "count", "stops"),
    [
        (signal.SIGTERM, 200, 2),
        (signal.SIGINT, 100, 1),
        pytest.param(signal.SIGTERM, 2000, 20, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 2000, 20, marks=pytest.mark.slow),
    ],
)
def test_a_signal_drains_and_repeats_nothing(start, tmp_path, number, count, stops) -> None:
    run = Run(tmp_path, start(MockOptions(latency_seconds=0.05)), count)
    for _ in range(stops):
        process = run.begin_and_wait_for(count // (2 * stops + 1))  # draining answers more than what is waited for
        began_seconds = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate()
        assert process.returncode == 128 + number
        assert "Start the same command again" in errors
        assert time.monotonic() - began_seconds < 30 + 5  # the time limit of a request, and 5 s
        assert len(run.mock.ledger) == len(run.committed())
    data = run.finish()
    assert run.repeats() == 0
    assert data == undisturbed(run.hashes())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(start, tmp_path: Path, number: signal.Signals) -> None:
    run = Run(tmp_path, start(MockOptions(latency_seconds=20)), 50)
    process = run.begin_and_wait_for(CONCURRENCY)
    process.send_signal(number)
    time.sleep(0.3)
    assert process.poll() is None
    began_seconds = time.monotonic()
    process.send_signal(number)
    process.communicate()
    assert time.monotonic() - began_seconds < 2
    assert process.returncode == -number


def test_a_second_run_in_one_folder_is_refused(start, tmp_path: Path) -> None:
    """R7: and it asks for nothing."""
    run = Run(tmp_path, start(MockOptions(latency_seconds=0.2)), 100)
    first = run.begin_and_wait_for(1)
    second = run.begin()
    _, errors = second.communicate()
    assert second.returncode == 73
    assert f"process {first.pid} is at work" in errors
    first.communicate()
    assert first.returncode == 0 and run.repeats() == 0
    assert (tmp_path / "LOCK").exists()
