"""Checks a second, agreement and survival of three graders on the same rows: ours, math-verify, inspect_ai.

    python benchmarks/grading.py --json figures.json [--inspect-python OTHER/bin/python]

Data: the folder that the environment variable SUPERCORRECT_DATA names. inspect_ai stands beside the two if it is
importable here, or by the interpreter that `--inspect-python` names.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from grading_hostile import report_hostile

from supercorrect.grading import Grader

Row = tuple[str, str, bool]  # completion, reference answer, is it right


@dataclass(frozen=True)
class Result:
    """What one grader did with one set: checks a second, share that agrees with the labels, rows without a grade."""

    checks_per_second: float
    agreement: float
    ungradable: int


def gsm8k_rows(data: Path) -> list[Row]:
    """Real solutions of four models to GSM8K test problems, with their labels."""
    rows = [json.loads(line) for line in (data / "outputs/gsm8k_example_model_solutions.jsonl").open()]
    return [
        (model["solution"], row["ground_truth"].rsplit("A:", 1)[1].strip(), model["is_correct"])
        for row in rows
        for model in row.values()
        if isinstance(model, dict)
    ]


def math_rows(data: Path, seed: int = 0) -> list[Row]:
    """MATH train solutions with their own answer (right), with another's (wrong), and sampled solutions of models."""
    train = [json.loads(line) for line in (data / "math_train.jsonl").open()]
    chosen = random.Random(seed).sample([row for row in train if row["answer"]], 1500)
    rows: list[Row] = [(row["solution"], row["answer"], True) for row in chosen]
    rows += [(row["solution"], other["answer"], False)
             for row, other in pairwise(chosen[:751])
             if _bare(row["answer"]) != _bare(other["answer"])]  # fmt: skip
    for line in (data / "outputs/realcritic_math.jsonl").open():
        row = json.loads(line)
        rows.append((row["reasoning"], row["gt"], row["previous_score"][0]))
    return rows


def _bare(answer: str) -> str:
    """An answer without units and layout: `2` and `2 \\text{ euros}` make no wrong row."""
    return re.sub(r"\\text\{[^{}]*\}|\\[a-z]*frac|[^0-9A-Za-z]", "", answer)


def measure(grade_all: Callable[[list[Row]], list[bool | None]], rows: list[Row]) -> Result:
    """Time one grader; None in its answers is "ungradable"."""
    began = time.perf_counter()
    outcomes = grade_all(rows)
    seconds = time.perf_counter() - began
    agreeing = sum(outcome is label for outcome, (_, _, label) in zip(outcomes, rows, strict=True))
    return Result(len(rows) / seconds, agreeing / len(rows), outcomes.count(None))


def ours(rows: list[Row]) -> list[bool | None]:
    """This package, with two workers; starting them is in the time."""
    with Grader(workers=2) as grader:
        grades = grader.grade_many((completion, reference) for completion, reference, _ in rows)
    return [None if grade.status == "ungradable" else grade.is_correct for grade in grades]


def math_verify(rows: list[Row]) -> list[bool | None]:
    """math-verify as its README uses it, in this process; importing it is not in the time."""
    from math_verify import parse, verify

    return [verify(parse(f"${reference}$"), parse(completion)) for completion, reference, _ in rows]


INSPECT_SECONDS = 60  # its abandoned threads can hold a process for ever: it does what rows it can in this time
_INSPECT_PROGRAM = """
import asyncio, json, os, sys, time
from types import SimpleNamespace
from inspect_ai.scorer import Target, math
rows, score = json.load(sys.stdin), math()
async def main():
    outcomes, began = [], None
    for completion, reference, _ in [rows[0], *rows]:
        try:
            result = await score(SimpleNamespace(output=SimpleNamespace(completion=completion)), Target(reference))
            outcomes.append(result.value == "C" if result.value in ("C", "I") else None)
        except ValueError:
            outcomes.append(None)
        began = began or time.perf_counter()
        if len(outcomes) % 10 == 0:
            print(json.dumps([outcomes[1:], time.perf_counter() - began]), flush=True)
    print(json.dumps([outcomes[1:], time.perf_counter() - began]), flush=True)
    os._exit(0)
asyncio.run(main())
"""


def measure_inspect(python: str, rows: list[Row]) -> Result | None:
    """inspect_ai's `math()` scorer in another interpreter; None where it cannot be imported there."""
    rows = random.Random(0).sample(rows, len(rows))
    with tempfile.TemporaryFile("w+") as requests, tempfile.TemporaryFile("w+") as replies:
        json.dump(rows, requests)
        requests.seek(0)
        program = subprocess.Popen([python, "-c", _INSPECT_PROGRAM], stdin=requests, stdout=replies)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(INSPECT_SECONDS)
        program.kill()
        replies.seek(0)
        lines = replies.read().splitlines()
    if not lines:
        print("inspect_ai: not measured: it graded nothing")
        return None
    outcomes, seconds = json.loads(lines[-1])
    print(f"inspect_ai: graded {len(outcomes)} rows of {len(rows)} in {INSPECT_SECONDS} seconds at most")
    agreeing = sum(outcome is label for outcome, (_, _, label) in zip(outcomes, rows, strict=False))
    return Result(len(outcomes) / seconds, agreeing / len(outcomes), outcomes.count(None))


def main() -> int:
    """Measure and print; write the figures where `--json` says."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", type=Path, help="write the figures to this file")
    arguments.add_argument("--inspect-python", help="an interpreter that can import inspect_ai")
    arguments.add_argument("--hostile-cases", type=int, default=40, help="how many of the hostile corpus")
    options = arguments.parse_args()
    if "SUPERCORRECT_DATA" not in os.environ:
        print("SUPERCORRECT_DATA: expected the folder with the data sets, got nothing", file=sys.stderr)
        return 2
    logging.disable(logging.CRITICAL)
    data = Path(os.environ["SUPERCORRECT_DATA"])
    inspect_python = options.inspect_python or (sys.executable if importlib.util.find_spec("inspect_ai") else None)
    if inspect_python is None:
        print("inspect_ai: not installed; name an interpreter that has it with --inspect-python")
    figures: dict[str, float] = {}
    for name, rows in (("gsm8k", gsm8k_rows(data)), ("math", math_rows(data))):
        results = {"ours": measure(ours, rows), "math_verify": measure(math_verify, rows)}
        inspect = measure_inspect(inspect_python, rows) if inspect_python else None
        figures |= report(name, len(rows), results | ({"inspect_ai": inspect} if inspect else {}))
    figures |= report_hostile(options.hostile_cases, inspect_python)
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n")
    return 0


def report(name: str, rows: int, results: dict[str, Result]) -> dict[str, float]:
    """Print one set's table; return its figures."""
    print(f"\n{name}: {rows} rows\n{'grader':<14}{'checks/s':>10}{'agreement':>12}{'ungradable':>12}")
    figures = {}
    for grader, result in results.items():
        print(f"{grader:<14}{result.checks_per_second:>10.0f}{result.agreement:>12.4%}{result.ungradable:>12}")
        figures[f"{grader}_checks_per_second_{name}"] = round(result.checks_per_second, 1)
        figures[f"{grader}_agreement_{name}"] = round(result.agreement, 6)
    figures[f"speedup_{name}"] = round(results["ours"].checks_per_second / results["math_verify"].checks_per_second, 2)
    print(f"speed-up over math-verify: {figures[f'speedup_{name}']:.1f}")
    return figures


if __name__ == "__main__":
    sys.exit(main())
