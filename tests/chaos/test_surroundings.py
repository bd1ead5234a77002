"""R14: the same bytes whatever the clock says, however answers come, and however many are asked for at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import Victim, arguments, check_struck, contents, teacher
from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.server import MockOptions

YEAR_SECONDS = 365 * 86_400
STAGES = ["thoughts", pytest.param(None, marks=pytest.mark.slow)]
"""The last stage; None: the whole run."""


@pytest.mark.parametrize("until", STAGES)
def test_the_clock_may_jump(victim: Victim, tmp_path: Path, until: str | None) -> None:
    """Ten years forwards or two back, in the middle of the stage that asks."""
    made = {}
    for jump_seconds in (0, 10 * YEAR_SECONDS, -2 * YEAR_SECONDS):
        root = tmp_path / f"jump_{jump_seconds}"
        with teacher(MockOptions(faults=FaultScript(rate_limited=0.2, seed=1))) as asked:
            command = arguments(root, asked.url, "problems.hsft.count=12", until=until)
            end = victim.run(root, *command, fault="clock", at=60, jump_seconds=jump_seconds)
        assert end.code == 0 and end.writes > 60, end.output
        check_struck(root, contents(root), end)
        made[jump_seconds] = contents(root)
    assert len({tuple(sorted(one.items())) for one in made.values()}) == 1


@pytest.mark.parametrize("until", STAGES)
def test_the_same_bytes_at_any_concurrency(victim: Victim, tmp_path: Path, until: str | None) -> None:
    """Answers come in another order each time: each waits for as long as its hash says, under another seed."""
    made = []
    for seed, concurrency in enumerate((1, 4, 16)):
        root = tmp_path / f"concurrency_{concurrency}"
        with teacher(MockOptions(faults=FaultScript(jitter_seconds=0.05, seed=seed))) as asked:
            limits = f"teacher.limits.max_concurrency={concurrency}"
            end = victim.run(root, *arguments(root, asked.url, "problems.hsft.count=32", limits, until=until))
            order = [row.request_hash for row in asked.ledger]
        assert end.code == 0, end.output
        made.append((contents(root), sorted(order)))
    assert made[0] == made[1] == made[2]
