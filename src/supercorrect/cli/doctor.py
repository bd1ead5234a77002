"""The command that looks at the machine and a recipe's endpoints: doctor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from supercorrect.cli.application import AsJson, Overrides, app, load
from supercorrect.visible_text import make_cells

if TYPE_CHECKING:
    from supercorrect.doctor import Finding

_SHOWN = {"ok": "ok", "note": "note", "problem": "PROBLEM"}


@app.command()
def doctor(
    recipe: Annotated[
        Path | None, typer.Argument(help="A recipe; without one, the machine alone is looked at.", show_default=False)
    ] = None,
    overrides: Overrides = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask paid endpoints what they take, too: a few tokens each.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether this machine can run a recipe, and what to do where it cannot. Keys are never shown.

    Exit code 1: something stands in the way.
    """
    from supercorrect.doctor import examine

    findings = examine(load(recipe, overrides, None) if recipe else None, ask_priced=ask)
    can_run = not any(finding.state == "problem" for finding in findings)
    if as_json:
        print(json.dumps({"can_run": can_run, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print_findings(findings)
    if not can_run:
        raise typer.Exit(1)


def _print_findings(findings: list[Finding]) -> None:
    table = Table("what", "", "found", "what to do")
    for finding in findings:
        table.add_row(*make_cells(finding.what, _SHOWN[finding.state], finding.found, finding.fix))
    Console().print(table)
