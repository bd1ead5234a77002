"""R4: runs in batch mode that are killed or stopped at random moments; the server lives on, and its ledger judges."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.server import MockOptions

COUNT = 60
RUN = """
import sys
from pathlib import Path
from supercorrect.config import BatchConfig, EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.errors import SuperCorrectError
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.store import RequestStore, RunLock, write_text_atomic

folder, url = Path(sys.argv[1]), sys.argv[2]
batch = BatchConfig(poll_seconds=0.05, max_requests=25)
endpoint = EndpointConfig(model="mock", base_url=url, api_key_env=None, batch=batch)
requests = [ChatRequest((("user", f"Problem {n}"),), SamplingConfig()) for n in range(int(sys.argv[3]))]
try:
    with RunLock(folder), RequestStore(folder / "store.sqlite") as store:
        print("ready", flush=True)
        responses = OpenAICompatibleModel("teacher", endpoint, store).ask_all(requests)
    write_text_atomic(folder / "data", "".join(f"{r.status} {r.text}\\n" for r in responses))
except SuperCorrectError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def begin(folder: Path, url: str) -> subprocess.Popen[str]:
    """Start a run; returns when it is about to send."""
    command = [sys.executable, "-c", RUN, str(folder), url, str(COUNT)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def finish(folder: Path, url: str) -> str:
    process = begin(folder, url)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return (folder / "data").read_text()


@pytest.mark.parametrize("kills", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_a_killed_run_pays_for_nothing_twice(start, tmp_path: Path, kills: int) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    script = FaultScript(batch_seconds=1.5, batch_expired=1, batch_unanswered=0.4)
    mock = start(MockOptions(latency_seconds=0.05, faults=script))
    for kill in range(kills):
        process = begin(tmp_path, mock.url)
        time.sleep(rng.uniform(0, 2.0 if kill % 2 else 0.8))  # every other one among the first steps
        process.kill()
        process.communicate()
    assert finish(tmp_path, mock.url) == "".join(f"ok Problem {n}\n" for n in range(COUNT))
    times = Counter(row.request_hash for row in mock.ledger)
    print(f"{len(mock.batches)} batches after {kills} kills; {len(times)} requests")
    assert len(times) == COUNT and set(times.values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_leaves_its_batch_at_work(start, tmp_path: Path, number: signal.Signals) -> None:
    mock = start(MockOptions(faults=FaultScript(batch_seconds=2)))
    process = begin(tmp_path, mock.url)
    while len(mock.batches) < 3:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert "batch_1, batch_2, batch_3" in errors and "the same command picks" in errors
    assert finish(tmp_path, mock.url).count("ok ") == COUNT
    assert len(mock.batches) == 3 and len(mock.ledger) == COUNT
