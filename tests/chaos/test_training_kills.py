"""R13: a training that is killed at any write of a save goes on from its last whole checkpoint, bit for bit."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from chaos import DISK_FAULTS, KILLS, Table, Victim, arguments, check_struck, contents, teacher
from supercorrect.run_folder import RunFolder


@pytest.fixture(scope="module")
def trained(victim: Victim, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with both stages trained, a checkpoint each step."""
    root = tmp_path_factory.mktemp("trained") / "run"
    with teacher() as asked:
        end = victim.run(root, *arguments(root, asked.url, until="cross_dpo"))
    assert end.code == 0, end.output
    return root


@pytest.mark.parametrize("count", [1, pytest.param(None, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize(
    "fault", [*KILLS, *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("interrupt", *DISK_FAULTS))]
)
@pytest.mark.parametrize("arm", ["hsft", "cross_dpo"])
def test_a_training_that_is_struck_at_a_write_ends_as_if_it_was_not(
    victim: Victim, trained: Path, tmp_path: Path, arm: str, fault: str, count: int | None
) -> None:
    """Model, loss curve and every later record: at `count` of the writes of a training, or at every one."""
    table, whole, root = Table(), contents(trained), tmp_path / "run"
    command = arguments(root, "http://127.0.0.1:9/v1", until=arm)  # every answer is in the store

    def without_model() -> None:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(trained, root)
        shutil.rmtree(root / "checkpoints" / arm)
        folder, manifest = RunFolder(root), RunFolder(root).read_manifest()
        others = {name: entry for name, entry in manifest.stages.items() if name != arm}
        under_way = manifest.model_copy(update={"stages": others, "files": {}})
        folder.write_manifest(under_way)

    without_model()
    undisturbed = victim.run(root, *command)
    assert undisturbed.code == 0 and contents(root) == whole, undisturbed.output
    ordinals = range(1, undisturbed.writes + 1)
    for at in ordinals if count is None else table.rng.sample(ordinals, count):
        without_model()
        end = victim.run(root, *command, fault=fault, at=at)
        allowed = {"interrupt": 130} | dict.fromkeys(KILLS, -signal.SIGKILL)
        assert end.code in (0, allowed.get(fault, 74)), end.output
        check_struck(root, whole, end)
        assert victim.run(root, *command).code == 0
        assert contents(root) == whole, f"seed {table.seed}: {fault} at {at}"
        tally = table.row(f"{arm}, {fault}")
        tally.injected += 1
        tally.survived += 1
    table.show()
