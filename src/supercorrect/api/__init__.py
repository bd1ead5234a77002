"""What `import supercorrect` offers: a run, and its parts, each usable alone."""

from __future__ import annotations

from pathlib import Path

from supercorrect.api.student import Student
from supercorrect.api.teacher import Teacher, WrongSolution
from supercorrect.config import Recipe, load_recipe
from supercorrect.manifest import Manifest
from supercorrect.progress import Reporter
from supercorrect.supervision import Refusal

__all__ = ["Refusal", "Student", "Teacher", "WrongSolution", "run"]


def run(recipe: Recipe | str | Path, *overrides: str, until: str | None = None, quiet: bool = False) -> Manifest:
    """Run a recipe, or go on with it, as `supercorrect run` does.

    Args:
        recipe: A recipe, a YAML file, or a shipped recipe's name.
        overrides: Dotted, such as `hsft.num_epochs=2`; they belong to a file or a name.
        until: The last stage to run. None: all of them, and the report.
        quiet: Whether progress is kept off stderr.

    Returns:
        The state of every stage. The files stand in `recipe.run_folder`.

    Raises:
        SuperCorrectError: The recipe is wrong, or a stage cannot go on; what is finished is kept.
    """
    from supercorrect.pipeline import Pipeline

    loaded = load_recipe(recipe, overrides) if isinstance(recipe, str | Path) else recipe
    return Pipeline(loaded, Reporter(quiet=quiet)).run(until=until)
