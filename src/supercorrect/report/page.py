"""`report.html`: one file without a script, an image or a request, that opens from disk and can be sent to anyone."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from supercorrect.amounts import dollars, duration
from supercorrect.arms import round_arms
from supercorrect.config import Recipe
from supercorrect.manifest import Manifest
from supercorrect.metrics import ArmMetrics
from supercorrect.models.endpoint import hide_logins
from supercorrect.records import EvaluationItem, Problem, Verdict
from supercorrect.report import charts
from supercorrect.report.breakdown import compute_agreement, compute_breakdowns, compute_stability
from supercorrect.report.curves import read_curves
from supercorrect.report.examples import pick_examples
from supercorrect.report.funnel import count_funnel
from supercorrect.report.headline import describe_arms, sum_up
from supercorrect.report.quality import Quality
from supercorrect.report.texts import TextBudget, clip, percent, short_name
from supercorrect.run_folder import RunFolder
from supercorrect.visible_text import plain_text

STYLESHEETS = ("style.css", "report.css")
LONGEST_RECIPE = 100_000


@dataclass(frozen=True)
class Figures:
    """What was computed of a run."""

    arms: dict[str, ArmMetrics]
    quality: list[Quality]


def describe_run(recipe: Recipe, folder: RunFolder, manifest: Manifest, figures: Figures) -> dict[str, Any]:
    """All that the page shows, by the names that its templates use."""
    held_out = folder.read("problems/held_out", Problem)
    evaluations = {arm: folder.read(f"evaluation/{arm}", EvaluationItem) for arm in figures.arms}
    rounds = round_arms(recipe)
    trained = [name for name in describe_arms(recipe) if name != "base"]
    stability = [
        compute_stability(arm.errors.student, folder.iterate(f"verdicts/{arm.errors.name}", Verdict)) for arm in rounds
    ]
    return {
        "recipe": recipe,
        "recipe_text": clip(show_recipe(recipe), LONGEST_RECIPE),
        "manifest": manifest,
        "arms": figures.arms,
        "quality": figures.quality,
        "headline": sum_up(recipe, manifest, figures.arms),
        "about": describe_arms(recipe),
        "breakdowns": compute_breakdowns(held_out, evaluations),
        "agreements": {arm: compute_agreement(items) for arm, items in evaluations.items()},
        "stability": [one for one in stability if one is not None],
        "curves": read_curves(folder, trained),
        "funnels": [count_funnel(folder, manifest, arm) for arm in rounds],
        "examples": pick_examples(folder, rounds[0], held_out, evaluations),
    }


def show_recipe(recipe: Recipe) -> str:
    """The recipe as YAML, for anyone to read: without defaults, and without the logins that its URLs may hold."""
    shown = hide_logins(recipe.model_dump(mode="json", exclude_defaults=True))
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)


def render_page(run: dict[str, Any]) -> str:
    """The page as HTML."""
    budget = TextBudget()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("supercorrect.report"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "dollars": dollars,
        "duration": duration,
        "name": short_name,
        "text": budget.text,
        "step": budget.step,
    }
    css = "".join((files(__package__) / "templates" / name).read_text(encoding="utf-8") for name in STYLESHEETS)
    template = environment.get_template("report.html.jinja")
    return template.render(**run, charts=charts, css=Markup(css), policy=content_policy(css))


def content_policy(css: str) -> str:
    """A policy that allows this stylesheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _show(value: Any) -> Any:
    """Every value that a template prints, with control and direction characters made visible."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else plain_text(value)
