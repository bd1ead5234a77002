"""The application that commands are added to, and the arguments that several of them take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # commands import what they need: `supercorrect --help` is not to wait for it
    from supercorrect.config import Recipe

app = typer.Typer(
    name="supercorrect",
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


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from supercorrect.installation import installed_versions

        found = installed_versions()
        typer.echo(f"supercorrect {found.pop('supercorrect')} ({', '.join(f'{k} {v}' for k, v in found.items())})")
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show what is installed and exit.")
    ] = False,
) -> None:
    """Teach a small model from its own mistakes: HSFT and Cross-DPO (arXiv 2410.09008), from problems to report."""


def load(path: Path, overrides: list[str] | None, output_dir: Path | None) -> Recipe:
    """The recipe of a command: its file, with overrides and the run's folder laid over it."""
    from supercorrect.config import load_recipe

    recipe = load_recipe(path, tuple(overrides or ()))
    return recipe if output_dir is None else recipe.model_copy(update={"output_dir": str(output_dir)})
