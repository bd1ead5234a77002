"""The page of results: every table, pooled over seeds, and a verdict on every ordering, all of it from run folders."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from supercorrect.paper.building import TABLES
from supercorrect.paper.orderings import RULES, Judged, judge_claims
from supercorrect.paper.recipes import SeededRecipe, open_runs, runs_by_table
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.simulation import make_simulation
from supercorrect.paper.tables import percent, render_table
from supercorrect.store import write_text_atomic

TEMPLATE = "sandbox_results.md.jinja"


def write_page(path: Path, seeded: Sequence[SeededRecipe], *, title: str, command: str) -> None:
    """Write the page of these runs.

    Args:
        title: Its heading.
        command: What a reader types to make it again.

    Raises:
        InputError: A recipe has not been run with each of its seeds.
    """
    opened = open_runs(seeded)
    tables = runs_by_table(opened)
    one_of_each = {run.folder.root: run for own in opened.values() for run in own}
    page = {
        "title": title,
        "command": command,
        "date": _ended(list(one_of_each.values())),
        "machine": f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}",
        "versions": next(iter(one_of_each.values())).folder.read_manifest().versions,
        "minutes": _minutes(list(one_of_each.values())),
        "seeds": sorted({one.seed for one in seeded}),
        "problems": [len(run.problems) for run in next(iter(opened.values()))],
        "rules": RULES,
        "claims": [_show_claim(judged) for judged in judge_claims(tables)],
        "tables": [
            {"recipe": own[0].recipe, "path": path_.as_posix(), "text": render_table(TABLES[name](own))}
            for path_, own in opened.items()
            for name in own[0].recipe.tables
        ],
        "simulations": [
            {"path": path_.as_posix(), "text": render_table(make_simulation(own))}
            for path_, own in opened.items()
            if set(own[0].recipe.tables) & {"table2", "controls"}
        ],
    }
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # nosec B701
    source = (files(__package__) / "templates" / TEMPLATE).read_text(encoding="utf-8")
    write_text_atomic(path, environment.from_string(source).render(**page))


def _ended(runs: Sequence[FinishedRun]) -> str:
    """The day on which the last of the runs ended."""
    return datetime.fromtimestamp(max(run.folder.manifest_path.stat().st_mtime for run in runs), UTC).date().isoformat()


def _minutes(runs: Sequence[FinishedRun]) -> float:
    """What all stages of all runs took together."""
    manifests = [run.folder.read_manifest() for run in runs]
    return sum(entry.seconds for manifest in manifests for entry in manifest.stages.values()) / 60


def _show_claim(judged: Judged) -> dict[str, Any]:
    """A line of the table of claims."""
    shown: dict[str, Any] = {
        "sentence": judged.claim.sentence,
        "table": judged.claim.table,
        "kind": judged.claim.kind,
        "judgement": judged.judgement,
        "difference": "–",
        "by_run": "–",
        "apart": "–",
        "mcnemar": "–",
    }
    pooled = judged.compared.pooled
    if pooled is not None:
        low, high = (points(limit) for limit in pooled["ci95"])
        shown["difference"] = f"{points(pooled['difference'])} [{low}, {high}]"
        shown["by_run"] = " / ".join(points(difference) for difference in judged.compared.by_run)
        shown["apart"] = f"{judged.compared.apart} of {len(judged.compared.by_run)}"
        if pooled["p_mcnemar"] is not None:
            p = pooled["p_mcnemar"]
            tested = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
            shown["mcnemar"] = f"{pooled['only_first']} / {pooled['only_second']}, {tested}"
    return shown


def points(difference: float) -> str:
    """A difference of shares in points, with its sign."""
    return f"{'+' if difference > 0 else ''}{percent(difference)}"
