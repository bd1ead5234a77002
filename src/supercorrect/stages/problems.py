"""Problems: load the three splits and keep them apart."""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.problems import keep_splits_apart, load_problem_set
from supercorrect.run_folder import StageCounts

SPLITS = ("hsft", "errors", "held_out")


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Write `data/problems/<split>.jsonl`; a problem in two splits stays in the later one alone."""
    loaded = {
        split: load_problem_set(getattr(context.recipe.problems, split), split=split, seed=context.recipe.seed)
        for split in SPLITS
    }
    kept, rejections = keep_splits_apart(loaded, stage=context.stage)
    outputs = [context.folder.write(f"problems/{split}", problems) for split, problems in kept.items()]
    outputs.append(context.folder.write_rejects(context.stage, rejections))
    return StageCounts.of(sum(map(len, loaded.values())), rejections), outputs
