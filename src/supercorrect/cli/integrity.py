"""The commands that ask whether a run is still what it was: verify, replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from supercorrect import terminal
from supercorrect.cli.application import AsJson, app

RunFolderPath = Annotated[Path, typer.Argument(help="A run's folder.", show_default=False)]


@app.command()
def verify(folder: RunFolderPath, as_json: AsJson = False) -> None:
    """Look for damage: every file against its hash, every response against its checksum, counts, ids; says the remedy.

    Exit code 1 where something is not as the run left it. Changes nothing.
    """
    from supercorrect.integrity import verify as verifying

    found = verifying.verify_run(folder)
    print(json.dumps(verifying.as_json(found), indent=2)) if as_json else terminal.print_verification(found)
    if found.damages:
        raise typer.Exit(1)
