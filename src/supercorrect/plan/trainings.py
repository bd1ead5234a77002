"""The trainings and the samplings of a recipe, as far as they can be known before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.arms import HELD_OUT, arm_names, comparison_arms, control_arms, round_arms, style_arms
from supercorrect.config import CrossDPOConfig, Recipe, SupervisedConfig


@dataclass(frozen=True)
class Sampling:
    """A stage in which a student writes.

    Attributes:
        prompts: How many it answers for each problem of `split`. None: only the run can say.
    """

    split: str
    prompts: int | None
    max_new_tokens: int


def trainings_of(recipe: Recipe) -> dict[str, SupervisedConfig | CrossDPOConfig]:
    """The section that each training stage follows, by stage."""
    found: dict[str, SupervisedConfig | CrossDPOConfig] = {"sft": recipe.sft, "hsft": recipe.hsft}
    found |= dict.fromkeys(style_arms(recipe), recipe.hsft)
    found |= {arm.name: recipe.training_of(arm.name) for arm in round_arms(recipe)}
    for arm in comparison_arms(recipe):
        config = recipe.training_of(arm.name)
        found[arm.name] = config if arm.layouts else config.without_pairs(1, recipe.hsft)
    if "hsft_continued" in arm_names(recipe):
        found["hsft_continued"] = recipe.cross_dpo.without_pairs(1, recipe.hsft)
    for name, control in control_arms(recipe).items():
        found[name] = recipe.hsft if control.teacher else recipe.cross_dpo.without_pairs(1, recipe.hsft)
    return found


def samplings_of(recipe: Recipe) -> dict[str, Sampling]:
    """What students write in each sampling stage, by stage."""
    drawn, evaluation = recipe.solutions, recipe.evaluation
    found = {"held_out_solutions": Sampling("held_out", 1, evaluation.max_new_tokens)}
    for arm in round_arms(recipe):
        suffix = arm.name.removeprefix("cross_dpo")
        each = drawn.samples_per_problem * (1 + len(drawn.peers))
        found[f"solutions{suffix}"] = Sampling(arm.errors.split, each, drawn.max_new_tokens)
        found[f"own_corrections{suffix}"] = Sampling(arm.errors.split, None, recipe.reviews.max_new_tokens)
    for name in arm_names(recipe):
        found[f"evaluation_{name}"] = Sampling(HELD_OUT.split, 2, evaluation.max_new_tokens)
        if evaluation.stability is not None:
            found[f"stability_{name}"] = Sampling(HELD_OUT.split, None, evaluation.max_new_tokens)
    return found


def longest_side(recipe: Recipe, stage: str) -> int:
    """The tokens of one side of a training's pairs: a whole solution, or a step, taken to be as long as a review."""
    layouts = recipe.layouts_of(stage) if stage in recipe.comparisons else recipe.pairs.layouts
    return recipe.solutions.max_new_tokens if "solution" in layouts else recipe.reviews.max_new_tokens
