"""The application that commands are added to, and the arguments that several of them take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supercorrect.errors import InputError

if TYPE_CHECKING:  # commands import what they need: `supercorrect --help` is not to wait for it
    from supercorrect.config import Recipe

app = typer.Typer(
    name="supercorrect",
    help="Teach a small model from its own mistakes: HSFT and Cross-DPO (arXiv 2410.09008), from problems to report.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RecipePath = Annotated[
    Path, typer.Argument(help="The recipe: a YAML file, or a shipped one by name, such as sandbox.", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(help="Dotted overrides, such as hsft.num_epochs=2 teacher.model=gpt-4o-mini.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def load(path: Path, overrides: list[str] | None, output_dir: Path | None) -> Recipe:
    """The recipe of a command: its file, with overrides and the run's folder laid over it."""
    from supercorrect.config import load_recipe

    recipe = load_recipe(path, tuple(overrides or ()))
    return recipe if output_dir is None else recipe.model_copy(update={"output_dir": str(output_dir)})


def saved_recipe(folder: Path) -> Recipe:
    """The recipe that a run was last started with."""
    from supercorrect.config import load_recipe

    saved = folder / "recipe.yaml"
    if not saved.is_file():
        raise InputError(f"not a run folder: expected {saved}; name the folder that `supercorrect run` wrote")
    return load_recipe(saved).model_copy(update={"output_dir": str(folder)})
