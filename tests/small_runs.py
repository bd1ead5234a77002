"""The sandbox recipe, cut down until all of its stages together take seconds."""

from __future__ import annotations

from pathlib import Path

from supercorrect.config import Recipe, load_recipe

REPOSITORY = Path(__file__).parent.parent
SANDBOX = REPOSITORY / "recipes" / "sandbox.yaml"
SMALL = (
    "problems.hsft.count=48",
    "problems.errors.count=24",
    "problems.held_out.count=16",
    "student.batch_size=16",
    "sft.max_steps=2",
    "hsft.max_steps=6",
    "hsft.save_steps=2",
    "hsft.learning_rate=2e-4",
    "cross_dpo.max_steps=4",
    "cross_dpo.save_steps=2",
    "cross_dpo.per_device_batch_size=4",
    "cross_dpo.replay_batch_size=2",
)


def small_recipe(folder: Path, *overrides: str) -> Recipe:
    """The sandbox recipe, cut down so that all its stages take seconds."""
    return load_recipe(SANDBOX, (*SMALL, f"output_dir={folder}", *overrides))
