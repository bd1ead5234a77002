"""Log-probabilities token by token: their sums are what the training started from, and gone checkpoints are said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from supercorrect.config import load_recipe
from supercorrect.errors import SuperCorrectError
from supercorrect.records import Pair
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.index import RunIndex
from supercorrect.viewer.lineage import PairLine
from supercorrect.viewer.token_logps import TokenScorer, score_sides, start_of


def test_the_sums_before_are_the_references_of_the_training(small_run: Path) -> None:
    folder = RunFolder(small_run)
    reference = json.loads((small_run / "checkpoints" / "cross_dpo" / "reference.json").read_text())
    before, after = (str(folder.model(arm)) for arm in ("hsft", "cross_dpo"))
    for i, pair in enumerate(folder.read("pairs/train", Pair)[:4]):
        chosen, rejected = score_sides(before, after, "float32", pair)
        assert len(chosen.tokens) == len(chosen.before) == len(chosen.after) == len(pair.chosen_ids)
        assert sum(chosen.before) == pytest.approx(reference["ref_chosen_logps"][i], abs=1e-3)
        assert sum(rejected.before) == pytest.approx(reference["ref_rejected_logps"][i], abs=1e-3)
        assert chosen.before != chosen.after


def test_an_arm_begins_where_the_recipe_says(small_run: Path) -> None:
    recipe = load_recipe(small_run / "recipe.yaml", ("rounds=2", "comparisons={step_dpo: {}}"))
    assert [start_of(recipe, arm) for arm in ("cross_dpo", "cross_dpo_r2", "step_dpo")] == ["hsft", "cross_dpo", "hsft"]
    with pytest.raises(SuperCorrectError, match="no arm 'gone'"):
        start_of(recipe, "gone")


def test_a_checkpoint_that_is_gone_is_named(small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))
    shutil.rmtree(folder.model("cross_dpo"))
    pair = folder.read("pairs/train", Pair)[0]
    scores = TokenScorer(RunIndex(folder.root, tmp_path / "cache")).score([PairLine("cross_dpo", pair)])
    assert "cross_dpo's checkpoint is gone" in str(scores[f"cross_dpo-{pair.pair_id}"])
