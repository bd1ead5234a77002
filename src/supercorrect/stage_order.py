"""The order of the stages of a recipe."""

from __future__ import annotations

from collections import Counter

from supercorrect.arms import (
    HELD_OUT,
    arm_names,
    comparison_arms,
    control_arms,
    round_arms,
)
from supercorrect.config import Recipe
from supercorrect.errors import ConfigError
from supercorrect.stage_builder import Stage, StageBuilder


def build_stages(recipe: Recipe) -> list[Stage]:
    """The stages of a recipe, in order.

    Raises:
        ConfigError: A comparison has the name of a stage, or `evaluation.arms` names an arm that is not there.
    """
    order = StageBuilder(recipe)
    stages = order.supervised_stages()
    first, *later = round_arms(recipe)
    stages += order.error_stages("", first.errors, order.drawn_for_errors)
    if recipe.evaluation.localise:
        stages += order.error_stages("held_out_", HELD_OUT, order.drawn_for_evaluation)
    stages += order.round_stages(first)
    for arm in later:
        suffix = arm.name.removeprefix("cross_dpo")
        stages += order.error_stages("", arm.errors, order.drawn_for_errors, suffix) + order.round_stages(arm, suffix)
    stages += [stage for arm in comparison_arms(recipe) for stage in order.comparison_stages(arm)]
    if "hsft_continued" in arm_names(recipe):
        stages += [order.continued_stage()]
    stages += [stage for control in control_arms(recipe).values() for stage in order.control_stages(control)]
    stages += order.evaluation_stages()
    taken = [name for name, count in Counter(stage.name for stage in stages).items() if count > 1]
    if taken:
        raise ConfigError(f"comparisons: {taken[0]!r} is the name of a stage; choose another name for the comparison")
    return _keep_needed(recipe, stages) if recipe.tables else stages


def _keep_needed(recipe: Recipe, stages: list[Stage]) -> list[Stage]:
    """What the evaluated arms and the recipe's tables rest on, and nothing else."""
    by_name = {stage.name: stage for stage in stages}
    waiting = [name for name in by_name if name.startswith(("evaluation_", "stability_"))]
    if waiting and recipe.evaluation.localise:
        waiting.append("held_out_corrections")
    if "table5" in recipe.tables:
        waiting += ["thoughts", "corrections"]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += by_name[name].needs
    return [stage for stage in stages if stage.name in needed]
