"""What becomes of pairs before training: conflicts are settled with a reason, faults block, force is recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.arms import round_arms
from supercorrect.context import StageContext
from supercorrect.errors import TrainingDataError
from supercorrect.progress import Reporter
from supercorrect.records import Pair, Rejection
from supercorrect.run_folder import RunFolder
from supercorrect.stages import cross_dpo
from supercorrect.stages.pairs import Conflicts, settle_conflicts
from supercorrect.store import RequestStore


def make_pair(name: str, prompt: str, chosen: str, rejected: str) -> Pair:
    fields: dict[str, Any] = {"problem_id": "p", "solution_id": "s", "correction_id": "c", "own_correction_id": None}
    sides = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    ids = {f"{side}_ids": tuple(map(ord, text)) for side, text in sides.items()}
    return Pair(pair_id=name, layout="continuation", first_error_step=1, step=1, **fields, **sides, **ids)


def test_duplicates_contradictions_and_long_pairs_are_left_out_with_their_reason() -> None:
    pairs = [
        make_pair("first", "x", "a", "b"),
        make_pair("again", "x", "a", "b"),
        make_pair("against", "x", "c", "a"),
        make_pair("elsewhere", "y", "c", "a"),
        make_pair("long", "y" * 9, "c", "a"),
    ]
    conflicts, rejections = Conflicts(8), list[Rejection]()
    for pair in pairs:
        conflicts.note(pair)
    kept = list(settle_conflicts(pairs, conflicts, rejections, stage="pairs"))
    assert [pair.pair_id for pair in kept] == ["first", "elsewhere"]
    reasons = {"again": "duplicate", "against": "rejected_is_chosen_elsewhere", "long": "too_long"}
    assert {r.item_id: r.reason for r in rejections} == reasons


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
