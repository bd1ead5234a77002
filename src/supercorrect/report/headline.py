"""What a run comes to, in a few figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from supercorrect.arms import REFLEXION, comparison_arms, control_arms, round_arms, style_arms
from supercorrect.config import Recipe
from supercorrect.manifest import Manifest
from supercorrect.metrics import ArmMetrics

FIXED_ARMS = {
    "base": "the student as it came",
    "sft": "fine-tuned on the reference solutions",
    "hsft": "stage 1: fine-tuned on the teacher's hierarchical thoughts",
    REFLEXION: "stage 1, evaluated with Reflexion",
    "hsft_continued": "stage 1 for as many further steps as stage 2 takes",
}


@dataclass(frozen=True)
class Headline:
    """The run in a few figures.

    Attributes:
        arm: The last one trained, or the last one evaluated where that one was not.
        before: The arm that it is compared with first. None: there is only one.
        usd: What was paid as far as it is known.
        usd_complete: Whether it is known of every stage.
    """

    arm: str
    metrics: ArmMetrics
    before: str | None
    metrics_before: ArmMetrics | None
    seconds: float
    usd: float
    usd_complete: bool
    input_tokens: int
    output_tokens: int


def sum_up(recipe: Recipe, manifest: Manifest, arms: Mapping[str, ArmMetrics]) -> Headline:
    """The headline of a finished run."""
    trained = [arm.name for arm in round_arms(recipe) if arm.name in arms]
    arm = trained[-1] if trained else list(arms)[-1]
    before = next((name for name in arms if name != arm), None)
    entries = manifest.stages.values()
    return Headline(
        arm=arm,
        metrics=arms[arm],
        before=before,
        metrics_before=arms[before] if before else None,
        seconds=sum(entry.seconds for entry in entries),
        usd=sum(entry.usd or 0.0 for entry in entries),
        usd_complete=all(entry.usd is not None for entry in entries),
        input_tokens=sum(entry.input_tokens for entry in entries),
        output_tokens=sum(entry.output_tokens for entry in entries),
    )


def describe_arms(recipe: Recipe) -> dict[str, str]:
    """What each arm of a recipe is, in a few words."""
    described = dict(FIXED_ARMS)
    described |= {name: f"stage 1 with thoughts in the style {style}" for name, style in style_arms(recipe).items()}
    for name, control in control_arms(recipe).items():
        described[name] = (
            f"control: as many {control.fresh} of the teacher as stage 2, for fresh thoughts"
            if control.fresh
            else "control: stage 1 with another teacher, for the steps of both stages"
        )
    for arm in comparison_arms(recipe):
        layouts = ", ".join(arm.layouts)
        described[arm.name] = f"comparison: pairs of {layouts}" if layouts else "comparison: fine-tuned on the traces"
    for number, arm in enumerate(round_arms(recipe), 1):
        described[arm.name] = "stage 2: Cross-DPO" if number == 1 else f"stage 2, round {number}"
    return described
