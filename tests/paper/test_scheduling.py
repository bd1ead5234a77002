"""Recipes as processes: order, folders that nobody shares, failures and stops; a scripted command in place of a run."""

from __future__ import annotations

import json
import random
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from supercorrect.paper import scheduling
from supercorrect.paper.recipes import SeededRecipe
from supercorrect.paper.scheduling import RecipeFailedError, run_all
from supercorrect.progress import Reporter

SCRIPT = """
import json, sys, time
log, seed, name, wait = sys.argv[-4:]
with open(log, "a") as file: file.write(json.dumps([seed, name, "begins"]) + "\\n")
time.sleep(float(wait))
if name == "fails": sys.exit("the disk is full")
with open(log, "a") as file: file.write(json.dumps([seed, name, "ends"]) + "\\n")
"""


def recipes(log: Path, names: list[str], seeds: tuple[int, ...]) -> list[SeededRecipe]:
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)
    rng = random.Random(seed)
    waits = {(s, name): str(rng.uniform(0, 0.2)) for s in seeds for name in names}
    return [
        SeededRecipe(Path(f"{name}.yaml"), s, (str(log), str(s), name, waits[s, name])) for name in names for s in seeds
    ]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that writes when it begins and ends."""
    monkeypatch.setattr(scheduling, "command_of", lambda seeded: [sys.executable, "-c", SCRIPT, *seeded.overrides])


@pytest.mark.usefixtures("scripted")
def test_a_seed_is_one_chain_and_no_more_run_than_there_are_workers(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    run_all(recipes(log, ["a", "b", "c"], (1, 2, 3)), tmp_path / "runs", 2, Reporter(quiet=True))
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(events) == 18
    for seed in "123":
        own = [(name, what) for s, name, what in events if s == seed]
        assert own == [(name, what) for name in "abc" for what in ("begins", "ends")]
    under_way = [0]
    for *_, what in events:
        under_way.append(under_way[-1] + (1 if what == "begins" else -1))
    assert max(under_way) == 2
    assert all(abs(after - before) == 1 for before, after in pairwise(under_way))


@pytest.mark.usefixtures("scripted")
def test_a_failure_shows_its_last_words_and_stops_the_others(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with pytest.raises(RecipeFailedError, match=r"fails, seed 1: exit code 1[\s\S]*the disk is full"):
        run_all(recipes(log, ["fails", "never"], (1,)), tmp_path / "runs", 2, Reporter(quiet=True))
    assert "never" not in log.read_text()
