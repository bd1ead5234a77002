"""Problems: load the sets of the three splits, keep each problem once, and keep training clear of evaluation."""

from __future__ import annotations

from pathlib import Path

from supercorrect.config import SPLITS
from supercorrect.context import StageContext
from supercorrect.problems import EVALUATION, clean_splits, load_problems, summarise
from supercorrect.run_folder import StageCounts
from supercorrect.store import write_json_atomic


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Write `data/problems/<split>.jsonl`, and `report.json` beside them: what was removed, why, and how much of it."""
    config, seed = context.recipe.problems, context.recipe.seed
    loaded = {
        split: load_problems(config.sets_of(split), split=split, seed=seed, stage=context.stage) for split in SPLITS
    }
    further = load_problems(config.decontaminate_against, split=EVALUATION, seed=seed, stage=context.stage)
    kept, removals = clean_splits(
        {split: [problem for one in sets for problem in one.problems] for split, sets in loaded.items()},
        further_evaluation=[problem for one in further for problem in one.problems],
        ngram=config.decontamination_ngram,
        similarity=config.near_duplicate_similarity,
    )
    rejections = [rejection for sets in loaded.values() for one in sets for rejection in one.rejections]
    rejections += [removal.as_rejection(context.stage) for removal in removals]
    outputs = [context.folder.write(f"problems/{split}", problems) for split, problems in kept.items()]
    report = context.folder.data("problems/report").with_suffix(".json")
    write_json_atomic(report, summarise({**loaded, EVALUATION: further}, kept, removals))
    outputs += [report, context.folder.write_rejects(context.stage, rejections)]
    return StageCounts.of(sum(map(len, kept.values())) + len(rejections), rejections), outputs
