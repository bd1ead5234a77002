"""The cards: what was made of what, by whom, and what of it was refused."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jinja2

from supercorrect.amounts import dollars
from supercorrect.config import Recipe
from supercorrect.records import Problem
from supercorrect.report.quality import compute_quality
from supercorrect.run_folder import RunFolder

DESCRIBED = ("problems", "thoughts", "corrections", "pairs")
"""Stages that the training sets were made by."""
UNUSABLE = "no_"  # begins the reasons of rows without answer, solution or problem; all other removals are overlaps


def describe_lineage(recipe: Recipe, folder: RunFolder) -> dict[str, Any]:
    """Where training data came from: teachers, counts in, kept and rejected, removed overlaps, sources, cost."""
    manifest = folder.read_manifest()
    sources = Counter(p.source for split in ("hsft", "errors") for p in folder.iterate(f"problems/{split}", Problem))
    removed = manifest.stages["problems"].rejected
    has_pairs = folder.data("pairs/train").exists()
    return {
        "recipe": recipe,
        "stages": {name: entry for name, entry in manifest.stages.items() if name in DESCRIBED},
        "removed": {reason: n for reason, n in removed.items() if not reason.startswith(UNUSABLE)},
        "sources": sources,
        "quality": [work for work in compute_quality(recipe, folder) if work["stage"] in DESCRIBED and has_pairs],
        "versions": manifest.versions,
    }


def render_card(template: str, **page: Any) -> str:
    """A card's Markdown."""
    environment = jinja2.Environment(  # nosec B701
        loader=jinja2.PackageLoader("supercorrect.export"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dollars"] = dollars
    return environment.get_template(template).render(**page)
