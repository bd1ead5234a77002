"""How many problems and tokens a recipe has, counted where its files are there, guessed from lengths where they say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from supercorrect.arms import style_arms
from supercorrect.config import CrossDPOConfig, ProblemsConfig, Recipe, TrainingConfig
from supercorrect.errors import SuperCorrectError
from supercorrect.estimate.figures import Figure
from supercorrect.estimate.tokens import CHARACTERS_PER_TOKEN, OUTPUT_PER_REFERENCE
from supercorrect.problems import prepare_problems
from supercorrect.records import Problem

TEMPLATE_CHARACTERS = 600
"""Of the student's prompt, beside the problem."""


def count_problems(recipe: Recipe, split: str) -> tuple[Figure | None, str]:
    """How many problems a split has; or None, and why that is unknown."""
    problems, why = _problems(recipe.problems, recipe.seed)
    if problems is None:
        return None, why
    return Figure.exact(len(problems[split]), f"{len(problems[split]):,} problems"), ""


def demonstration_tokens(recipe: Recipe, stage: str, config: TrainingConfig) -> tuple[Figure | None, str]:
    """Tokens that a training on demonstrations goes through, over all epochs; or None, and why they are unknown."""
    if isinstance(config, CrossDPOConfig):
        return None, "how many pairs there are is known when the corrections are"
    if stage not in ("sft", "hsft", *style_arms(recipe)):
        return None, "it takes as many steps as Cross-DPO, which is known when that is done"
    problems, why = _problems(recipe.problems, recipe.seed)
    if problems is None:
        return None, why
    hsft = problems["hsft"]
    if not hsft:
        return None, "there is no problem to demonstrate"
    asked = sum(len(p.problem) + TEMPLATE_CHARACTERS for p in hsft) / len(hsft)
    written = sum(len(p.reference_solution) for p in hsft) / len(hsft)
    longer = (1.0, 1.0, 1.0) if stage == "sft" else OUTPUT_PER_REFERENCE
    low, value, high = (asked + factor * written for factor in longer)
    dense, usual, sparse = CHARACTERS_PER_TOKEN
    rows = len(hsft) * config.num_epochs if config.max_steps is None else config.max_steps * config.global_batch_size
    each = Figure(low / sparse, value / usual, high / dense, "")
    basis = f"{rows:,.0f} rows of {each.value:.0f} tokens (guess: {each.low:.0f} to {each.high:.0f})"
    return each.times(Figure.exact(rows, basis)).because(basis), ""


@cache
def _problems(config: ProblemsConfig, seed: int) -> tuple[Mapping[str, list[Problem]] | None, str]:
    try:
        return prepare_problems(config, seed=seed).kept, ""
    except SuperCorrectError as error:
        return None, str(error)
