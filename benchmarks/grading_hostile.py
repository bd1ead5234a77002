"""Answers made to hang or to fill memory: how long each of three graders takes, and how much it holds.

    python benchmarks/grading_hostile.py [--cases 40] [--json figures.json] [--inspect-python OTHER/bin/python]

Every grader gets the same cases, drawn from the tests' corpus by a fixed seed, in a process of its own. A case that
takes longer than ten seconds is ended from outside and counts as hung. Memory is the peak of the largest process, the
grader's own or a worker of it, in MiB.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "grading"))

PROMISED_SECONDS = 3.0
HUNG_SECONDS = 10.0
Case = tuple[str, str, str]  # name, completion, reference answer

_LOOP = """
import json, logging, os, pathlib, re, resource, sys, time
logging.disable(logging.CRITICAL)
def peaks(pid):
    try:
        yield int(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from peaks(child)
    except (OSError, AttributeError):
        pass
def serve(grade):
    print("ready", flush=True)
    for line in sys.stdin:
        completion, reference = json.loads(line)
        began = time.perf_counter()
        try:
            outcome = str(grade(completion, reference))
        except Exception as error:
            outcome = "raised " + type(error).__name__
        peak = max([resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, *peaks(os.getpid())])
        print(json.dumps([time.perf_counter() - began, outcome, peak // 1024]), flush=True)
"""
PROGRAMS = {
    "ours": _LOOP
    + """
from supercorrect.grading import Grader
grader = Grader()
grader.check("AB", "BA")
serve(lambda completion, reference: grader.grade(completion, reference).status)
""",
    "math_verify": _LOOP
    + """
from math_verify import parse, verify
serve(lambda completion, reference: verify(parse(f"${reference}$"), parse(completion)))
""",
    "inspect_ai": _LOOP
    + """
import asyncio
from types import SimpleNamespace
from inspect_ai.scorer import Target, math
score = math()
def grade(completion, reference):
    return asyncio.run(score(SimpleNamespace(output=SimpleNamespace(completion=completion)), Target(reference))).value
serve(grade)
""",
}


@dataclass
class Survival:
    """What one grader did with the cases."""

    in_time: int = 0
    hung: int = 0
    raised: int = 0
    called_correct: int = 0
    slowest_seconds: float = 0.0
    peak_mib: int = 0


class Program:
    """A grader in a process of its own, started again when it had to be ended."""

    def __init__(self, python: str, source: str) -> None:
        self._command = [python, "-c", source]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("it did not start")
        return process

    def grade(self, completion: str, reference: str) -> tuple[float, str, int] | None:
        """Seconds, outcome and peak MiB; None: it was still at it when the time was up."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([completion, reference]) + "\n")
        process.stdin.flush()
        answered, _, _ = select.select([process.stdout], [], [], HUNG_SECONDS)
        line = process.stdout.readline() if answered else ""
        if line:
            seconds, outcome, peak = json.loads(line)
            return seconds, outcome, peak
        self.close()
        self._process = self._start()
        return None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def measure(python: str, source: str, cases: list[Case]) -> Survival:
    """Put the cases to one grader, one after the other."""
    program, survival = Program(python, source), Survival()
    for _, completion, reference in cases:
        answer = program.grade(completion, reference)
        if answer is None:
            survival.hung += 1
            survival.slowest_seconds = max(survival.slowest_seconds, HUNG_SECONDS)
            continue
        seconds, outcome, peak = answer
        survival.in_time += seconds <= PROMISED_SECONDS
        survival.raised += outcome.startswith("raised")
        survival.called_correct += outcome in ("correct", "True", "C")
        survival.slowest_seconds = max(survival.slowest_seconds, seconds)
        survival.peak_mib = max(survival.peak_mib, peak)
    program.close()
    return survival


def report_hostile(count: int, inspect_python: str | None) -> dict[str, Any]:
    """Measure all graders, print the table, return the figures."""
    from hostile_corpus import hostile_cases

    corpus = hostile_cases()
    cases = random.Random(0).sample(corpus, min(count, len(corpus)))
    print(f"\nhostile: {len(cases)} cases of {len(corpus)}")
    print(f"{'grader':<14}{'in 3 s':>8}{'hung':>6}{'raised':>8}{'correct':>9}{'slowest s':>11}{'peak MiB':>10}")
    figures: dict[str, Any] = {"hostile_cases": len(cases)}
    for name, source in PROGRAMS.items():
        python = inspect_python if name == "inspect_ai" else sys.executable
        if python is None:
            continue
        s = measure(python, source, cases)
        print(f"{name:<14}{s.in_time:>8}{s.hung:>6}{s.raised:>8}{s.called_correct:>9}{s.slowest_seconds:>11.1f}"
              f"{s.peak_mib:>10}")  # fmt: skip
        figures |= {f"{name}_hostile_{key}": value for key, value in vars(s).items()}
    return figures


def main() -> int:
    """Measure and print; write the figures where `--json` says."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--cases", type=int, default=40)
    arguments.add_argument("--json", type=Path, help="write the figures to this file")
    arguments.add_argument("--inspect-python", help="an interpreter that can import inspect_ai")
    options = arguments.parse_args()
    here = sys.executable if importlib.util.find_spec("inspect_ai") else None
    figures = report_hostile(options.cases, options.inspect_python or here)
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
