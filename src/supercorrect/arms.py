"""The arms of a recipe: which students there are, what each begins with, and whose errors it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from supercorrect.config import TABLE_ARMS, EndpointConfig, Recipe
from supercorrect.errors import ConfigError
from supercorrect.records import PairLayout, ThoughtStyle

PLAIN_ARMS = ("base", "sft")
"""Arms that were never taught the hierarchical format."""


@dataclass(frozen=True)
class ErrorSet:
    """One student's solutions to one split's problems, and all that is made of them: verdicts, corrections, pairs.

    Attributes:
        name: Of its files, such as `solutions/<name>`.
        split: Where the problems are from.
        student: The arm that solves them.
    """

    name: str
    split: str
    student: str


HELD_OUT = ErrorSet("held_out", "held_out", "hsft")
"""The yardstick of localisation."""
REFLEXION = "hsft_reflexion"
"""The HSFT student, evaluated with Reflexion; it has no training of its own."""


@dataclass(frozen=True)
class PreferenceArm:
    """An arm that learns from corrected errors.

    Attributes:
        start: The arm that it begins with, which is also its reference π_ref.
        layouts: Of its pairs. Empty: it is fine-tuned on the teacher's traces instead.
    """

    name: str
    start: str
    errors: ErrorSet
    layouts: tuple[PairLayout, ...]

    @property
    def pairs(self) -> str:
        """Its file of pairs, within the run's data."""
        return "pairs/train" if self.name == "cross_dpo" else f"pairs/{self.name}"


def round_arms(recipe: Recipe) -> list[PreferenceArm]:
    """Cross-DPO, once a round: each round samples, corrects and trains the newest student."""
    arms: list[PreferenceArm] = []
    start = "hsft"
    for number in range(1, recipe.rounds + 1):
        suffix = "" if number == 1 else f"_r{number}"
        errors = ErrorSet(f"errors{suffix}", "errors", start)
        arms.append(PreferenceArm(f"cross_dpo{suffix}", start, errors, recipe.pairs.layouts))
        start = arms[-1].name
    return arms


def comparison_arms(recipe: Recipe) -> list[PreferenceArm]:
    """What else is trained on the first round's errors."""
    errors = round_arms(recipe)[0].errors
    return [PreferenceArm(name, "hsft", errors, recipe.layouts_of(name)) for name in recipe.comparisons]


def lessons_of(recipe: Recipe, arm: PreferenceArm) -> list[PreferenceArm]:
    """The arms whose pairs an arm trains on: of a round those of all rounds up to it, of any other its own."""
    rounds = round_arms(recipe)
    return rounds[: rounds.index(arm) + 1] if arm in rounds else [arm]


@dataclass(frozen=True)
class ControlArm:
    """An arm that learns from demonstrations of its own, made for it by a teacher.

    Attributes:
        start: The arm that it begins with.
        split: The problems that are demonstrated.
        fresh: How many of them: as many as took the calls, or the output tokens, of all corrections. None: all.
        teacher: Who demonstrates. None: the recipe's teachers.
    """

    name: str
    start: str
    split: str
    fresh: Literal["calls", "tokens"] | None
    teacher: EndpointConfig | None


def control_arms(recipe: Recipe) -> dict[str, ControlArm]:
    """What is trained on other demonstrations in place of stage 2, by name."""
    return {
        name: ControlArm(name, "base", "hsft", None, control.teacher)
        if control.teacher
        else ControlArm(name, "hsft", "errors", control.fresh, None)
        for name, control in recipe.controls.items()
    }


def arm_names(recipe: Recipe) -> tuple[str, ...]:
    """The arms that are evaluated, in the order of the report.

    Raises:
        ConfigError: `evaluation.arms` names one that the recipe does not have, or a table shows one that is not in it.
    """
    trained = [arm.name for arm in comparison_arms(recipe) + round_arms(recipe)]
    reflexion = (REFLEXION,) if recipe.evaluation.reflexion else ()
    controls = ("hsft_continued", *recipe.controls)
    every = (*PLAIN_ARMS, *style_arms(recipe), "hsft", *reflexion, *controls, *trained)
    unknown = [arm for arm in recipe.evaluation.arms or () if arm not in every]
    if unknown:
        raise ConfigError(f"evaluation.arms: unknown arm {unknown[0]!r}; this recipe has {', '.join(every)}")
    evaluated = every if recipe.evaluation.arms is None else recipe.evaluation.arms
    for table in recipe.tables:
        missing = [arm for arm in TABLE_ARMS[table] if arm not in evaluated]
        if missing:
            raise ConfigError(
                f"tables: {table} shows the arm {missing[0]!r}, which is not evaluated; expected it in evaluation.arms"
                f", got {', '.join(evaluated) or 'none'}"
            )
    return evaluated


def style_arms(recipe: Recipe) -> dict[str, ThoughtStyle]:
    """Arms of stage 1 whose thoughts are in other dress, by name."""
    return {f"hsft_{style}": style for style in recipe.styles}


def prompt_of(recipe: Recipe, arm: str) -> str:
    """The template that an arm solves problems with: the one that it was trained with."""
    if arm in PLAIN_ARMS:
        return recipe.prompts.plain
    style = style_arms(recipe).get(arm)
    return str(getattr(recipe.prompts, style)) if style else recipe.prompts.hierarchical


def corrects_itself(recipe: Recipe, arm: str) -> bool:
    """Whether an arm knows the format that reviews are written in."""
    return arm not in PLAIN_ARMS and arm not in style_arms(recipe) and arm != REFLEXION


def model_of(arm: str) -> str:
    """The arm whose model an arm is evaluated with: its own, but for those that are evaluated in another way."""
    return "hsft" if arm == REFLEXION else arm
