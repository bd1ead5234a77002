"""The commands that ask whether a run is still what it was: verify, replay."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from supercorrect import terminal
from supercorrect.cli.application import AsJson, app
from supercorrect.errors import ConfigError
from supercorrect.progress import Reporter

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


@app.command()
def replay(
    folder: RunFolderPath,
    output: Annotated[
        Path | None, typer.Option(help="Keep what is made in this empty folder.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make every data set again from the stored responses, offline, and compare byte for byte.

    No endpoint is asked and no model samples; trained models are the run's. Exit code 1 where anything differs.
    """
    from supercorrect.integrity.replay import replay_run
    from supercorrect.run_folder import RunFolder

    if output is not None and output.exists() and any(output.iterdir()):
        raise ConfigError(f"--output: expected an empty folder, got {output} with files in it")
    stages = []
    with tempfile.TemporaryDirectory() as scratch:
        for stage in replay_run(RunFolder(folder), output or Path(scratch), Reporter()):
            stages.append(stage)
            if not as_json:
                terminal.print_replayed(stage)
    is_same = all(stage.state in ("same", "taken over") for stage in stages)
    if as_json:
        print(json.dumps({"same": is_same, "stages": [asdict(stage) for stage in stages]}, indent=2))
    if not is_same:
        raise typer.Exit(1)
