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
ATTEMPTS = 6


def start(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "supercorrect", "run", str(SANDBOX), *SMALL, "--output-dir", str(folder), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stage_events(folder: Path, stage: str) -> list[str]:
    """What the run's log says of a stage, in order: `stage_started`, `stage_finished`."""
    path = folder / "logs" / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [event["event"] for event in events if event.get("stage") == stage]


def kill_in(folder: Path, stage: str, delay_seconds: float) -> bool:
    """Run up to `stage`, kill it `delay_seconds` after the stage has begun. False: the stage had ended before."""
    already = len(stage_events(folder, stage))
    process = start(folder, "--until", stage, "--from", stage)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(stage_events(folder, stage)) == already:
        assert time.monotonic() < deadline, f"{stage} did not begin"
        assert process.poll() is None, f"the run ended before {stage} began"
        time.sleep(0.002)
    time.sleep(delay_seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return stage_events(folder, stage)[-1] == "stage_started"


def kill_within(folder: Path, stage: str, delay_seconds: float) -> float:
    """Kill a run within `stage`, sooner and sooner until it is hit; gives the delay that did."""
    for attempt in range(ATTEMPTS):
        delay = delay_seconds / 2**attempt if attempt < ATTEMPTS - 1 else 0.0
        if kill_in(folder, stage, delay):
            return delay
    pytest.fail(f"{stage} always ended before it was killed")


def contents(folder: Path) -> dict[str, str]:
    """Hashes of all records, rejects, models and curves."""
    files = [
        f for name in ("data", "rejects", "checkpoints") for f in sorted((folder / name).rglob("*")) if f.is_file()
    ]
    kept = [f for f in files if "state" not in f.relative_to(folder).parts]
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in kept}


def check_killed_run(stages: list[str], small_run: Path, folder: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)  # libraries seed the common one
    rng = random.Random(seed)
    manifest = json.loads((small_run / "manifest.json").read_text())["stages"]
    for stage in stages:
        delay = kill_within(folder, stage, rng.uniform(0, manifest[stage]["seconds"]))
        print(f"seed {seed}: killed in {stage}, {delay:.2f} s after it had begun")
    assert start(folder).wait(DEADLINE_SECONDS) == 0
    assert contents(folder) == contents(small_run)
    metrics = [json.loads((run / "metrics.json").read_text())["arms"] for run in (folder, small_run)]
    assert metrics[0] == metrics[1]


def test_kills_in_three_stages_leave_no_trace(small_run: Path, tmp_path: Path) -> None:
    check_killed_run(["thoughts", "hsft", "evaluation_cross_dpo"], small_run, tmp_path / "run")


@pytest.mark.slow
def test_kills_in_every_stage_leave_no_trace(small_run: Path, tmp_path: Path) -> None:
    check_killed_run(STAGES, small_run, tmp_path / "run")
