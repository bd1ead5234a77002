"""From a finished run to its figures and pages. Every figure comes from rows that stand in the run folder."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import jinja2

from supercorrect.arms import arm_names
from supercorrect.config import Recipe
from supercorrect.judging import open_grader
from supercorrect.metrics import ArmMetrics, compute_arm
from supercorrect.records import Correction, EvaluationItem, Pair, Problem, Solution, Verdict
from supercorrect.report.quality import compute_quality
from supercorrect.run_folder import Manifest, RunFolder
from supercorrect.store import write_json_atomic, write_text_atomic

SCHEMA_VERSION = 1
EXAMPLES = 5
COMPARED_WITH = ("hsft", "hsft_continued")
"""Arms that each other arm is compared with, problem by problem."""


def write_report(recipe: Recipe, folder: RunFolder, manifest: Manifest) -> dict[str, Any]:
    """Write the three files and return what is in `metrics.json`."""
    arms, quality = compute_arms(recipe, folder), compute_quality(folder)
    stages = {
        name: entry.model_dump(mode="json", by_alias=True, include={"seconds", "inputs", "kept", "rejected"})
        for name, entry in manifest.stages.items()
    }
    metrics = {"schema_version": SCHEMA_VERSION, "arms": arms, "stages": stages, "quality": quality}
    write_json_atomic(folder.root / "metrics.json", metrics)
    page = {
        "recipe": recipe,
        "manifest": manifest,
        "arms": arms,
        "quality": quality,
        "examples": pick_examples(folder),
        "seconds": sum(entry.seconds for entry in manifest.stages.values()),
    }
    for name in ("report.md", "report.html"):
        write_text_atomic(folder.root / name, _render(name, page))
    return metrics


def compute_arms(recipe: Recipe, folder: RunFolder) -> dict[str, ArmMetrics]:
    """The figures of every evaluated arm, in the recipe's order."""
    corrections: dict[str, Correction] = {}
    verdicts: dict[str, Verdict] = {}
    if recipe.evaluation.localise:
        corrections = {c.solution_id: c for c in folder.read("corrections/held_out", Correction)}
        verdicts = {v.solution_id: v for v in folder.read("verdicts/held_out", Verdict)}
    problems = {p.problem_id: p for p in folder.read("problems/held_out", Problem)}
    items = {arm: folder.read(f"evaluation/{arm}", EvaluationItem) for arm in arm_names(recipe)}
    with open_grader(recipe.grading) as grader:
        return {
            arm: compute_arm(
                rows,
                corrections,
                verdicts,
                grader,
                problems,
                {name: items[name] for name in COMPARED_WITH if name in items and name != arm},
            )
            for arm, rows in items.items()
        }


def pick_examples(folder: RunFolder) -> list[dict[str, Any]]:
    """A few corrected errors with everything that led to their pairs."""
    solutions = {s.solution_id: s for s in folder.read("solutions/errors", Solution)}
    pairs: dict[str, list[Pair]] = {}
    for pair in folder.read("pairs/train", Pair):
        pairs.setdefault(pair.correction_id, []).append(pair)
    chosen = folder.read("corrections/errors", Correction)[:EXAMPLES]
    return [
        {"correction": c, "solution": solutions[c.solution_id], "pairs": pairs.get(c.correction_id, [])} for c in chosen
    ]


def _render(name: str, page: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=name.endswith(".html"), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.1f}"
    environment.filters["dollars"] = lambda usd: "unknown" if usd is None else f"${usd:.4f}"
    source = (files(__package__) / "templates" / f"{name}.jinja").read_text(encoding="utf-8")
    return environment.from_string(source).render(**page)
