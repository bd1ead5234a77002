"""What becomes of pairs before training: faults block, force is recorded, a kill leaves nothing that looks whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.arms import round_arms
from supercorrect.context import StageContext
from supercorrect.errors import TrainingDataError
from supercorrect.progress import Reporter
from supercorrect.records import Pair
from supercorrect.run_folder import RunFolder
from supercorrect.stages import cross_dpo
from supercorrect.stages.pairs import run as make_pairs
from supercorrect.store import RequestStore


def test_a_fault_blocks_the_training_and_force_is_recorded(small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))
    pairs = folder.read("pairs/train", Pair)
    spoilt = pairs[0].model_copy(update={"chosen_ids": (*pairs[0].chosen_ids, 1)})  # 1 ends the turn
    folder.write("pairs/train", [spoilt, *pairs[1:]])
    recipe = small_recipe(folder.root)
    arm = round_arms(recipe)[0]
    with RequestStore(folder.root / "store.sqlite") as store:
        context = StageContext(recipe, folder, store, Reporter(quiet=True), "cross_dpo", "blocked")
        with pytest.raises(TrainingDataError, match=rf"one_side_ends: 1 pairs \({spoilt.pair_id}\).*--force"):
            cross_dpo.run(context, arm, {})
        forced = StageContext(recipe, folder, store, Reporter(quiet=True), "cross_dpo", "forced", force=True)
        cross_dpo.run(forced, arm, {})
    kept = json.loads((folder.root / "checkpoints" / "cross_dpo" / "findings.json").read_text())
    assert kept["forced"] is True
    assert [f["check"] for f in kept["findings"] if f["blocks"]] == ["one_side_ends"]


def test_pairs_whose_conflicts_are_not_settled_are_called_unfinished(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed while they are settled leaves them behind."""
    folder = RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))
    before = {path.name for path in (folder.root / "data" / "pairs").iterdir()}
    monkeypatch.setattr("supercorrect.stages.pairs.settle_conflicts", stop)
    recipe = small_recipe(folder.root)
    with RequestStore(folder.root / "store.sqlite") as store, pytest.raises(KeyboardInterrupt):
        make_pairs(
            StageContext(recipe, folder, store, Reporter(quiet=True), "pairs", "killed"), round_arms(recipe)[0], {}
        )
    assert {path.name for path in (folder.root / "data" / "pairs").iterdir()} - before == {"train.unfinished.jsonl"}


def stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
