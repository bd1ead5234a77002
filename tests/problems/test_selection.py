"""Which rows of a set are taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import InputError
from supercorrect.problems import load_problems

LEVELS = ("Level 1", "Level 5", "Level ?")
TOPICS = ("Algebra", "Number Theory")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = [
        {"problem": f"p{n}", "solution": f"\\boxed{{{n}}}", "level": LEVELS[n % 3], "type": TOPICS[n % 2]}
        for n in range(30)
    ]
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def names(path: Path, **config: Any) -> list[str]:
    [loaded] = load_problems([ProblemSetConfig(path=str(path), **config)], split="hsft", seed=7)
    return [problem.problem for problem in loaded.problems]


def test_by_level_and_topic(path: Path) -> None:
    assert names(path, levels=[5], topics=["algebra"]) == ["p4", "p10", "p16", "p22", "p28"]
    assert names(path, levels=["Level 5", "?"], topics=["ALGEBRA"], count=3) == ["p2", "p4", "p8"]


def test_in_order_or_drawn(path: Path) -> None:
    assert names(path, count=2) == ["p0", "p1"]
    drawn = names(path, count=5, seed=1)
    assert drawn == names(path, count=5, seed=1)
    assert drawn != names(path, count=5, seed=2)
    assert drawn != sorted(drawn)


@pytest.mark.parametrize("seed", [None, 3])
def test_one_file_serves_two_splits(path: Path, seed: int | None) -> None:
    first, rest = names(path, count=10, seed=seed), names(path, skip=10, seed=seed)
    assert not set(first) & set(rest)
    assert set(first) | set(rest) == set(names(path))


def test_the_rest_of_a_file_is_not_read(path: Path) -> None:
    path.write_text(path.read_text() + "broken\n")
    assert len(names(path, count=30)) == 30
    with pytest.raises(InputError, match=":31: expected"):
        names(path, count=30, seed=0)


def test_levels_that_are_not_there(path: Path) -> None:
    with pytest.raises(InputError, match=r"none of its 30 rows .* found: Level 1, Algebra \(5\)"):
        names(path, levels=[3])
    with pytest.raises(InputError, match="skip 30 leaves none of its 30 problems"):
        names(path, skip=30)
