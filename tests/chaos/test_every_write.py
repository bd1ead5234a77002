"""R5 and R6: the disk fails, or the process dies, at every write of a run of 50 items (problems and thoughts)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from chaos import DISK_FAULTS, KILLS, Table, Victim, arguments, check_struck, committed, contents, teacher

ITEMS = 50
STOPS = {"interrupt": 128 + signal.SIGINT, "terminate": 128 + signal.SIGTERM}
RUN_SIZE = f"problems.hsft.count={ITEMS}"


def strike(victim: Victim, folder: Path, undisturbed: dict[str, str], fault: str, at: int, table: Table) -> None:
    """One run with a fault at one write, and the same command again: what it loses, repeats and leaves behind."""
    root = folder / "run"
    shutil.rmtree(root, ignore_errors=True)
    tally = table.row(fault)
    tally.injected += 1
    with teacher() as asked:
        command = arguments(root, asked.url, RUN_SIZE, until="thoughts")
        end = victim.run(root, *command, fault=fault, at=at)
        check_struck(root, undisturbed, end)
        check_exit(fault, end.code, end.output)
        again = victim.run(root, *command)
        assert again.code == 0, again.output
        assert contents(root) == undisturbed, f"seed {table.seed}: {fault} at {at}"
        tally.lost += len(undisturbed) - len(contents(root)) + ITEMS - asked.asked()
        tally.duplicated += len(committed(root)) - ITEMS
        tally.repeated += asked.repeats()
        assert asked.repeats() == 0, f"seed {table.seed}: {fault} at {at}: asked again"
    tally.survived += 1


def check_exit(fault: str, code: int, output: str) -> None:
    if fault in KILLS:
        assert code in (-signal.SIGKILL, 0), output
    elif fault in STOPS:
        assert code in (STOPS[fault], 0), output
    else:
        assert code in (74, 0), output


@pytest.fixture(scope="module")
def undisturbed(victim: Victim, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, str]]:
    """How many writes an undisturbed run comes to, and what it makes."""
    root = tmp_path_factory.mktemp("undisturbed") / "run"
    with teacher() as asked:
        end = victim.run(root, *arguments(root, asked.url, RUN_SIZE, until="thoughts"))
    assert end.code == 0, end.output
    return end.writes, contents(root)


@pytest.mark.parametrize("count", [2, pytest.param(None, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("fault", [*DISK_FAULTS, *KILLS, *STOPS])
def test_no_write_can_fail_so_that_anything_is_lost(
    victim: Victim, undisturbed: tuple[int, dict[str, str]], tmp_path: Path, fault: str, count: int | None
) -> None:
    """At `count` of the writes, drawn at random, or at every one."""
    table, (writes, whole) = Table(), undisturbed
    assert writes > 2 * ITEMS
    ordinals = range(1, writes + 1)
    for at in ordinals if count is None else table.rng.sample(ordinals, count):
        strike(victim, tmp_path, whole, fault, at, table)
    table.show()


def test_a_file_may_not_grow_beyond_the_limit_of_the_process(
    victim: Victim, undisturbed: tuple[int, dict[str, str]], tmp_path: Path
) -> None:
    """RLIMIT_FSIZE: the kernel itself refuses."""
    _, whole = undisturbed
    root = tmp_path / "limited"
    with teacher() as asked:
        command = arguments(root, asked.url, RUN_SIZE, until="thoughts")
        for largest in (2_000, 40_000):
            end = victim.run(root, *command, largest_file=largest)
            assert end.code == 74, end.output
            check_struck(root, whole, end)
        assert victim.run(root, *command).code == 0
        assert contents(root) == whole


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_full_file_system_stops_a_run_and_room_lets_it_go_on(
    victim: Victim, undisturbed: tuple[int, dict[str, str]], tmp_path: Path
) -> None:
    """A tmpfs of a few pages: full while a file is written, and below what new requests are made with."""
    _, whole = undisturbed
    small = tmp_path / "small"
    small.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        root = small / "run"
        with teacher() as asked:
            command = arguments(root, asked.url, RUN_SIZE, until="thoughts")
            for size in ("64k", "100m"):
                subprocess.run(["mount", "-o", f"remount,size={size}", small], check=True)
                end = victim.run(root, *command)
                assert end.code == 74, end.output
                check_struck(root, whole, end)
            assert "at least 200 MB of free disk" in end.output and not asked.ledger
            subprocess.run(["mount", "-o", "remount,size=300m", small], check=True)
            assert victim.run(root, *command).code == 0
            assert contents(root) == whole and asked.repeats() == 0
    finally:
        subprocess.run(["umount", small], check=True)
