"""Running recipes with several seeds as processes of their own, a few at a time, never two in one folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from supercorrect.errors import SuperCorrectError
from supercorrect.paper.recipes import SeededRecipe
from supercorrect.progress import Reporter

KEEP_FREED_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "2147483647"}
"""So glibc keeps what torch frees after each step, which the kernel would else take and hand out again page by page."""
_LOOK_EVERY_SECONDS = 0.2
_SHOWN_LINES = 15


class RecipeFailedError(SuperCorrectError):
    """Raised when the run of a recipe ends with an error. All that is finished is kept."""


@dataclass
class _Working:
    """A recipe under way."""

    seeded: SeededRecipe
    process: subprocess.Popen[bytes]
    log: Path
    stream: IO[bytes]
    begun: float


def run_all(seeded: Sequence[SeededRecipe], output: Path, workers: int, reporter: Reporter) -> None:
    """Run every recipe; started again, what is up to date takes seconds.

    Seeds are chains: one recipe of a seed at a time, in order. A free worker goes on with the seed of which most is
    left, so that three seeds fill two workers to the end.

    Raises:
        RecipeFailedError: One of them failed; the others were stopped, and the same command goes on.
    """
    waiting: dict[int, list[SeededRecipe]] = {}
    for recipe in seeded:
        waiting.setdefault(recipe.seed, []).append(recipe)
    working: dict[int, _Working] = {}
    done = 0
    try:
        while working or any(waiting.values()):
            idle = [seed for seed, left in waiting.items() if left and seed not in working]
            if idle and len(working) < workers:
                seed = max(idle, key=lambda seed: len(waiting[seed]))
                working[seed] = _start(waiting[seed].pop(0), output)
                reporter.say(f"{working[seed].seeded.label}: begun; {working[seed].log}")
                continue
            time.sleep(_LOOK_EVERY_SECONDS)
            for seed, one in list(working.items()):
                if one.process.poll() is not None:
                    del working[seed]
                    done += 1
                    _end(one, f"{done} of {len(seeded)}", reporter)
    finally:
        for one in working.values():
            one.process.terminate()
        for one in working.values():
            one.process.wait()
            one.stream.close()


def _start(seeded: SeededRecipe, output: Path) -> _Working:
    log = output / "logs" / f"seed{seeded.seed}_{seeded.path.stem}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    stream = log.open("wb")
    environment = KEEP_FREED_MEMORY | os.environ
    process = subprocess.Popen(command_of(seeded), stdout=stream, stderr=subprocess.STDOUT, env=environment)
    return _Working(seeded, process, log, stream, time.monotonic())


def command_of(seeded: SeededRecipe) -> list[str]:
    """The command that runs a recipe."""
    return [sys.executable, "-m", "supercorrect", "run", str(seeded.path), *seeded.overrides]


def _end(one: _Working, progress: str, reporter: Reporter) -> None:
    one.stream.close()
    if one.process.returncode != 0:
        lines = one.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
        raise RecipeFailedError(
            f"{one.seeded.label}: exit code {one.process.returncode}; the last lines of {one.log}:\n"
            + "\n".join(lines)
            + "\nMend what it names, and start the same command again: finished work is kept."
        )
    reporter.say(f"{progress}: {one.seeded.label} in {time.monotonic() - one.begun:.0f} s")
