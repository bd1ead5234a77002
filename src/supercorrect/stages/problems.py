"""Problems: load the sets of the three splits, keep each problem once, and keep training clear of evaluation."""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.manifest import StageCounts
from supercorrect.problems import prepare_problems, summarise
from supercorrect.store import write_json_atomic


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Write `data/problems/<split>.jsonl`, and `report.json` beside them: what was removed, why, and how much of it."""
    prepared = prepare_problems(context.recipe.problems, seed=context.recipe.seed, stage=context.stage)
    rejections = prepared.rejections(context.stage)
    outputs = [context.folder.write(f"problems/{split}", problems) for split, problems in prepared.kept.items()]
    report = context.folder.data("problems/report").with_suffix(".json")
    write_json_atomic(report, summarise(prepared.loaded, prepared.kept, prepared.removals))
    outputs += [report, context.folder.write_rejects(context.stage, rejections)]
    return StageCounts.of(sum(map(len, prepared.kept.values())) + len(rejections), rejections), outputs
