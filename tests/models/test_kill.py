"""R1 and R2: a run is killed or stopped at random points and started again; the server's ledger is the judge."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from asking_runs import CONCURRENCY, Run, undisturbed
from supercorrect.sandbox.server import MockOptions


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
    assert run.repeats() == 0, f"seed {seed}"
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
    run = Run(tmp_path, start(MockOptions(latency_seconds=4)), CONCURRENCY)
    process = run.begin_and_wait_for(CONCURRENCY)
    process.send_signal(number)
    time.sleep(0.3)
    assert process.poll() is None
    began_seconds = time.monotonic()
    process.send_signal(number)
    process.communicate()
    assert time.monotonic() - began_seconds < 2
    assert process.returncode == -number
    run.finish()
    assert run.repeats() == 0  # what was under way is answered all the same


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
