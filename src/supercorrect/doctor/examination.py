"""Looking at everything that a recipe needs."""

from __future__ import annotations

from pathlib import Path

from supercorrect.config import Recipe
from supercorrect.doctor.endpoints import look_at_endpoint, roles_of
from supercorrect.doctor.finding import Finding
from supercorrect.doctor.machine import (
    list_gpus,
    look_at_disk,
    look_at_flash_attention,
    look_at_gpus,
    look_at_python,
    look_at_training,
    look_at_vllm,
)
from supercorrect.models.weights import resolve_model_path


def examine(recipe: Recipe | None, *, ask_priced: bool = False) -> list[Finding]:
    """What stands between this machine and a run of the recipe.

    Args:
        recipe: None: the machine alone is looked at.
        ask_priced: Whether to ask endpoints what they take where a request has a price, too.
    """
    gpus = list_gpus()
    findings = [
        look_at_python(),
        look_at_training(),
        *look_at_gpus(gpus),
        look_at_vllm(gpus, is_needed=recipe is not None and recipe.student.engine == "vllm"),
        look_at_flash_attention(),
        look_at_disk(recipe.run_folder if recipe else Path()),
    ]
    if recipe is not None:
        findings.append(_look_at_student(recipe))
        for role in roles_of(recipe):
            findings += look_at_endpoint(role, ask_priced=ask_priced)
    return findings


def _look_at_student(recipe: Recipe) -> Finding:
    model = recipe.student.model
    folder = Path(resolve_model_path(model))
    if (folder / "config.json").is_file():
        return Finding("student", "ok", f"{folder}, engine {recipe.student.engine}")
    if folder.is_dir() or folder.is_absolute() or model.startswith("."):
        return Finding("student", "problem", f"no config.json in {folder}", "correct student.model")
    return Finding("student", "ok", f"{model}, which is fetched from the hub, engine {recipe.student.engine}")
