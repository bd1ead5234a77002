"""The teacher without a mind: what it echoes is accepted like any other teacher's work."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from small_runs import SANDBOX
from supercorrect.formats import parse_correction, parse_thought, render_steps
from supercorrect.prompts import read_template, render_prompt
from supercorrect.sandbox.echo import NOTHING_TO_ECHO, echo

REFERENCE = "First 3 + 4 = 7.\n\nThen 7 * 2 = 14.\nSo it is $\\boxed{14}$."


def ask(template: str, **values: str) -> str:
    prompt = render_prompt(read_template(template), problem="x?", reference_solution=REFERENCE, **values)
    return echo([{"role": "user", "content": prompt}, {"role": "user", "content": "write it again"}])


def test_a_thought_has_a_step_a_line_and_the_reference_answer() -> None:
    thought = parse_thought(ask("thought_extraction")).record
    assert thought is not None
    assert [step.text for step in thought.steps] == [line for line in REFERENCE.splitlines() if line]
    assert (thought.answer, thought.generalized) == ("14", "as in the steps")


def test_a_correction_faults_the_last_step() -> None:
    trace = parse_correction(ask("grounded_correction", steps=render_steps(["3 + 4 = 7", "7 * 2 = 15"]))).record
    assert trace is not None
    assert (trace.first_error_step, trace.answer) == (2, "14")
    assert [step.text for step in trace.steps] == ["3 + 4 = 7", "7 * 2 = 15"]


def test_other_prompts_get_no_answer() -> None:
    assert echo([{"role": "user", "content": "hello"}]) == NOTHING_TO_ECHO


@pytest.mark.slow
@pytest.mark.skipif("SUPERCORRECT_DATA" not in os.environ, reason="SUPERCORRECT_DATA is not set")
def test_stage_one_on_math_and_gsm8k_whole(tmp_path: Path) -> None:
    """Loaded, cleaned, asked over a socket, parsed, graded, written: 14,973 problems. Time and memory are printed."""
    data = Path(os.environ["SUPERCORRECT_DATA"])
    serve = ["{python}", "-m", "supercorrect", "mock-teacher", "--answers", "echo", "--port", "{port}"]
    overrides = {
        "problems.hsft": [{"path": str(data / f"{name}_train.jsonl")} for name in ("math", "gsm8k")],
        "problems.held_out": [{"path": str(data / f"{n}.jsonl")} for n in ("math_test_dev_500", "gsm8k_test_dev_200")],
        "teacher.serve": serve,
    }
    command = [sys.executable, "-m", "supercorrect", "run", str(SANDBOX), "--until", "thoughts"]
    command += [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    began = time.monotonic()
    subprocess.run([*command, "--output-dir", str(tmp_path)], check=True)
    seconds, peak = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    stages = json.loads((tmp_path / "manifest.json").read_text())["stages"]
    print(f"{seconds:.0f} s, peak of the largest process {peak} MiB; thoughts: {stages['thoughts']}")
    thoughts = stages["thoughts"]
    assert thoughts["in"] > 14_700
    assert thoughts["kept"] > 0.995 * thoughts["in"]
    assert peak < 1500
