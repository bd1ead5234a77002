"""How a trained student is to be asked: the prompts it was trained with stand in its own folder, and go where it goes.

In a subfolder of the model, as templates that anyone can read. They are no part of the model's fingerprint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from supercorrect.arms import corrects_itself, prompt_of
from supercorrect.config import Recipe
from supercorrect.errors import ConfigError, InputError
from supercorrect.models.weights import resolve_model_path
from supercorrect.prompts import read_template
from supercorrect.store import write_text_atomic

PROFILE_FOLDER = "supercorrect"
"""Below the model's folder."""
TEMPLATES = ("solving", "correction")
"""Each in a file of its own beside `profile.json`."""


class StudentProfile(BaseModel):
    """What decides how a student is asked. The defaults are those of a recipe.

    Attributes:
        recipe: The recipe that trained it. None: nobody says.
        arm: Which of its students.
        solving: Template of a problem: a shipped prompt's name, or a file.
        correction: Template of a review. None: it was never taught to review, and cannot correct itself.
        temperature: Of several samples, where they have to differ.
        max_new_tokens: The longest solution.
        review_max_new_tokens: The longest that it writes about one step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    recipe: str | None = None
    arm: str | None = None
    solving: str = "hierarchical"
    correction: str | None = "correction"
    temperature: float = Field(default=0.7, gt=0)
    max_new_tokens: int = 1024
    review_max_new_tokens: int = 512


def read_profile(model: str) -> StudentProfile:
    """A model's profile, its templates as paths; the defaults where its folder has none, or where it is no folder.

    Raises:
        InputError: There is one, and it cannot be read.
    """
    if "://" in model:
        return StudentProfile()
    folder = Path(resolve_model_path(model)) / PROFILE_FOLDER
    path = folder / "profile.json"
    if not path.is_file():
        return StudentProfile()
    try:
        profile = StudentProfile.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: expected a student's profile, as a run writes it: {error}") from error
    solving, correction = (folder / f"{part}.jinja" for part in TEMPLATES)
    reviews = str(correction) if correction.is_file() else None
    return profile.model_copy(update={"solving": str(solving), "correction": reviews})


def own_prompts(models: Sequence[str]) -> tuple[str, ...]:
    """The template that each model solves problems with; one where it is the same for all."""
    solving = tuple(read_profile(model).solving for model in models)
    return solving[:1] if len(set(solving)) == 1 else solving


def common_correction(models: Sequence[str]) -> str:
    """The template that models review solutions with.

    Raises:
        ConfigError: They have different ones.
    """
    own = [template for model in models if (template := read_profile(model).correction) is not None]
    if len({read_template(template) for template in own}) > 1:
        raise ConfigError(
            f"--correction-prompt: expected models with the same prompt of self-correction, got {', '.join(own)}; "
            "name the one to use"
        )
    return own[0] if own else "correction"


def write_profile(recipe: Recipe, arm: str, model: Path) -> None:
    """Write the profile of a trained arm into its model's folder; what stands there already is left alone."""
    folder = model / PROFILE_FOLDER
    profile = StudentProfile(
        recipe=recipe.name,
        arm=arm,
        temperature=recipe.evaluation.temperature or recipe.solutions.temperature or 1.0,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        review_max_new_tokens=recipe.reviews.max_new_tokens,
    )
    folder.mkdir(exist_ok=True)
    _write_changed(folder / "solving.jinja", read_template(prompt_of(recipe, arm)))
    if corrects_itself(recipe, arm):
        _write_changed(folder / "correction.jinja", read_template(recipe.prompts.correction))
    _write_changed(folder / "profile.json", profile.model_dump_json(indent=2, exclude=set(TEMPLATES)) + "\n")


def _write_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text_atomic(path, text)
