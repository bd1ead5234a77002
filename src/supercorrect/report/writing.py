"""From a finished run to its figures and pages. Every figure comes from rows that stand in the run folder."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import jinja2

from supercorrect.amounts import dollars
from supercorrect.arms import arm_names, prompt_of
from supercorrect.config import Recipe
from supercorrect.evaluation.summary import describe_grader
from supercorrect.judging import open_grader
from supercorrect.manifest import Manifest
from supercorrect.metrics import ArmMetrics, compute_arm
from supercorrect.prompts import hash_prompt
from supercorrect.records import Correction, EvaluationItem, Problem, Verdict
from supercorrect.report.page import Figures, describe_run, render_page
from supercorrect.report.quality import compute_quality
from supercorrect.report.texts import percent
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_json_atomic, write_text_atomic

SCHEMA_VERSION = 1
COMPARED_WITH = ("hsft", "hsft_continued")
"""Arms that each other arm is compared with, problem by problem."""


def write_report(recipe: Recipe, folder: RunFolder, manifest: Manifest) -> dict[str, Any]:
    """Write the three files and return what is in `metrics.json`."""
    figures = Figures(compute_arms(recipe, folder), compute_quality(recipe, folder))
    stages = {
        name: entry.model_dump(mode="json", by_alias=True, include={"seconds", "inputs", "kept", "rejected"})
        for name, entry in manifest.stages.items()
    }
    metrics = {
        "schema_version": SCHEMA_VERSION,
        "arms": figures.arms,
        "measured_under": describe_measuring(recipe, manifest),
        "stages": stages,
        "quality": figures.quality,
    }
    write_json_atomic(folder.root / "metrics.json", metrics)
    run = describe_run(recipe, folder, manifest, figures)
    write_text_atomic(folder.root / "report.md", render_summary(run))
    write_text_atomic(folder.root / "report.html", render_page(run))
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


def describe_measuring(recipe: Recipe, manifest: Manifest) -> dict[str, Any]:
    """What the figures depend on: decoding, grader, and of each arm the prompt and the hash of all that decides it."""
    arms = {}
    for arm in arm_names(recipe):
        prompt = prompt_of(recipe, arm)
        stage = manifest.stages.get(f"evaluation_{arm}")
        fingerprint = stage.fingerprint if stage else None
        arms[arm] = {"prompt": prompt, "prompt_hash": hash_prompt(prompt), "fingerprint": fingerprint}
    return {
        "seed": recipe.seed,
        "evaluation": recipe.evaluation.model_dump(mode="json"),
        "review_max_new_tokens": recipe.reviews.max_new_tokens,
        "grader": describe_grader(recipe.grading),
        "arms": arms,
    }


def render_summary(run: dict[str, Any]) -> str:
    """The summary in Markdown."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # nosec B701
    environment.filters |= {"percent": percent, "dollars": dollars}
    source = (files(__package__) / "templates" / "report.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(source).render(**run)
