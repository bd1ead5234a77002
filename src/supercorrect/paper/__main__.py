"""`python -m supercorrect.paper`: all recipes of the paper with several seeds, and the page of results."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from supercorrect.errors import SuperCorrectError
from supercorrect.paper.page import write_page
from supercorrect.paper.recipes import RECIPES, SEEDS, Collection, seed_recipe
from supercorrect.paper.scheduling import run_all
from supercorrect.progress import Reporter

TITLES: dict[Collection, str] = {
    "paper": "The paper in miniature: results of the sandbox",
    "ablations": "Ablations on the sandbox",
}


def main(
    collection: Annotated[str, typer.Argument(help="`paper`, or `ablations` for what goes beyond it.")] = "paper",
    overrides: Annotated[list[str] | None, typer.Argument(help="Dotted overrides of every recipe.")] = None,
    recipes: Annotated[Path, typer.Option(help="The folder of the recipes.")] = Path("recipes/paper"),
    seed: Annotated[list[int] | None, typer.Option(help="Once for each seed.  [default: 7, 8, 9]")] = None,
    output: Annotated[Path, typer.Option(help="Where the runs stand, a folder a seed.")] = Path("runs/paper"),
    page: Annotated[Path | None, typer.Option(help="The page.  [default: docs/sandbox_results.md]")] = None,
    workers: Annotated[int, typer.Option(help="Seeds that run at the same time.")] = 2,
    only_page: Annotated[bool, typer.Option("--only-page", help="Run nothing: write the page again.")] = False,
) -> None:
    """Run the paper's recipes on the sandbox, seed by seed, and write the page of results.

    Killed or stopped, the same command goes on; what is up to date is not run again.
    """
    if collection not in RECIPES:
        raise typer.BadParameter(f"expected one of {', '.join(RECIPES)}, got {collection!r}")
    chosen: Collection = "ablations" if collection == "ablations" else "paper"
    paths = [recipes / f"{name}.yaml" for name in RECIPES[chosen]]
    seeded = [seed_recipe(path, one, output, overrides or ()) for path in paths for one in sorted(seed or SEEDS)]
    reporter = Reporter()
    if not only_page:
        run_all(seeded, output, workers, reporter)
    default = Path("docs/sandbox_results.md" if chosen == "paper" else "docs/sandbox_ablations.md")
    target = page or default
    command = "make paper" if chosen == "paper" else "make ablations"
    write_page(target, seeded, title=TITLES[chosen], command=command)
    reporter.say(f"page: {target}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: the processes under way are stopped
    try:
        typer.run(main)
    except SuperCorrectError as error:
        Reporter().say(f"error: {error}")
        sys.exit(error.exit_code)
