"""kill -9 in the middle of a stage, start again: the run ends with the records and models of an undisturbed one."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from small_runs import SANDBOX, SMALL, small_recipe
from supercorrect.stage_order import build_stages

STAGES = [stage.name for stage in build_stages(small_recipe(Path("unused")))]
DEADLINE_SECONDS = 300


def start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "supercorrect", "run", str(SANDBOX), *SMALL, "--output-dir", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def begun_stages(folder: Path) -> list[str]:
    path = folder / "logs" / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [event["stage"] for event in events if event["event"] == "stage_started"]


def kill_in(folder: Path, stage: str, delay_seconds: float) -> bool:
    """Run until `stage` has begun, wait, kill. False: the run had ended before."""
    already = len(begun_stages(folder))
    process = start(folder)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while stage not in begun_stages(folder)[already:]:
        assert time.monotonic() < deadline, f"{stage} did not begin"
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    time.sleep(delay_seconds)
    killed = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return killed


def contents(folder: Path) -> dict[str, str]:
    """Hashes of all records, rejects, models and curves."""
    files = [
        f for name in ("data", "rejects", "checkpoints") for f in sorted((folder / name).rglob("*")) if f.is_file()
    ]
    kept = [f for f in files if "state" not in f.relative_to(folder).parts]
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in kept}


def check_killed_run(stages: list[str], longest_delay_seconds: float, small_run: Path, folder: Path) -> None:
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    killed = []
    for stage in stages:
        delay = rng.uniform(0, longest_delay_seconds)
        if kill_in(folder, stage, delay):
            killed.append(f"{stage} after {delay:.2f} s")
    assert start(folder).wait(DEADLINE_SECONDS) == 0
    print(f"seed {seed}; killed in {', '.join(killed)}")
    assert killed
    assert contents(folder) == contents(small_run)
    metrics = [json.loads((run / "metrics.json").read_text())["arms"] for run in (folder, small_run)]
    assert metrics[0] == metrics[1]


def test_kills_in_three_stages_leave_no_trace(small_run: Path, tmp_path: Path) -> None:
    check_killed_run(["thoughts", "hsft", "evaluation_cross_dpo"], 1.5, small_run, tmp_path / "run")


@pytest.mark.slow
def test_kills_in_every_stage_leave_no_trace(small_run: Path, tmp_path: Path) -> None:
    check_killed_run(STAGES, 3.0, small_run, tmp_path / "run")
