"""R1, R3 and R13: kill -9 anywhere in a whole run, training included; it ends as an undisturbed one, bit for bit."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from chaos import (
    KILLS,
    Table,
    Tally,
    Teacher,
    Victim,
    arguments,
    check_struck,
    committed,
    contents,
    teacher,
)

BEGUN = re.compile(r'"stage_started", "stage": "(\w+)"}$')


@pytest.fixture(scope="module")
def undisturbed(victim: Victim, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, int]:
    """A whole run: its folder, its writes, and how many different requests it makes."""
    root = tmp_path_factory.mktemp("undisturbed") / "run"
    with teacher() as asked:
        end = victim.run(root, *arguments(root, asked.url))
        assert end.code == 0, end.output
        return root, end.writes, asked.asked()


def stage_at_work(root: Path) -> str:
    """The stage that a run had begun last; arms and rounds of one kind are one row of the table."""
    path = root / "logs" / "events.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    begun = [found[1] for line in lines if (found := BEGUN.search(line))]  # a kill may have left half a line
    return begun[-1].partition("_base")[0].partition("_cross")[0].removeprefix("held_out_") if begun else "start"


def kill_until_it_ends(
    victim: Victim, root: Path, asked: Teacher, whole: dict[str, str], most_writes: int, table: Table
) -> None:
    """Start a run again and again, and kill it at some write, until it ends before that."""
    command, code = arguments(root, asked.url), -signal.SIGKILL
    while code:
        kept, first = committed(root), len(asked.keys)
        fault, at = table.rng.choice(KILLS), table.rng.randint(1, most_writes)
        end = victim.run(root, *command, fault=fault, at=at)
        code = end.code
        assert code in (-signal.SIGKILL, 0), end.output
        check_struck(root, whole, end)
        again = kept & set(asked.keys[first:])
        assert not again, f"seed {table.seed}: committed, and asked again: {again}"
        if code:
            tally = table.row(stage_at_work(root))
            tally.injected += 1
            tally.survived += 1
            tally.lost += len(kept - committed(root))


@pytest.mark.parametrize(("kills", "a_run"), [(3, 3), pytest.param(200, 12, marks=pytest.mark.slow)])
def test_kills_anywhere_leave_no_trace(
    victim: Victim, undisturbed: tuple[Path, int, int], tmp_path: Path, kills: int, a_run: int
) -> None:
    """About `a_run` kills a run, and as many runs as it takes."""
    table, total, (reference, writes, requests) = Table(), Tally(), undisturbed
    whole = contents(reference)
    while total.injected < kills:
        root = tmp_path / f"run_{total.injected}"
        with teacher() as asked:
            kill_until_it_ends(victim, root, asked, whole, 2 * writes // a_run, table)
            total.repeated += asked.repeats()
            assert asked.asked() == requests
        assert contents(root) == whole, f"seed {table.seed}"
        total.lost += len(committed(reference) - committed(root))
        total.duplicated += len(committed(root) - committed(reference))
        total.injected = total.survived = sum(row.injected for row in table.rows.values())
    table.rows["all"] = total
    table.show()
    assert total.lost == total.duplicated == total.repeated == 0
