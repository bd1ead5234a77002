"""What the command line prints."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from supercorrect.run_folder import Manifest


def plain_text(text: str) -> str:
    """Text from a model or a file, safe to print: control and direction characters become visible."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf") else f"\\x{ord(c):02x}" for c in text
    )


def print_plan(plan: dict[str, str]) -> None:
    """What each stage would do."""
    table = Table("stage", "state")
    for name, state in plan.items():
        table.add_row(name, state)
    Console().print(table)


def print_status(plan: dict[str, str], manifest: Manifest) -> None:
    """Each stage with its state, counts, time and cost."""
    table = Table("stage", "state", "in", "kept", "rejected", "seconds", "tokens in/out", "cost")
    for name, state in plan.items():
        entry = manifest.stages.get(name)
        if entry is None:
            table.add_row(name, state)
            continue
        rejected = ", ".join(f"{count} {reason}" for reason, count in entry.rejected.items()) or "0"
        cost = "unknown" if entry.usd is None else f"${entry.usd:.2f}"
        tokens = f"{entry.input_tokens}/{entry.output_tokens}" if entry.input_tokens else ""
        table.add_row(
            name,
            state,
            str(entry.inputs),
            str(entry.kept),
            rejected,
            f"{entry.seconds:.1f}",
            tokens,
            cost if tokens else "",
        )
    Console().print(table)


def describe_counts(counts: Mapping[str, int]) -> str:
    """Counts by name, on one line."""
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def read_table(report: Path) -> str:
    """The first table of a Markdown report."""
    lines = report.read_text(encoding="utf-8").splitlines()
    rows = [i for i, line in enumerate(lines) if line.startswith("|")]
    last = next((i for i in rows if i + 1 not in rows), rows[-1])
    return "\n".join(lines[rows[0] : last + 1])


def describe_accuracy(result: dict[str, Any]) -> str:
    """One line for a measured accuracy."""
    accuracy = result["accuracy"]
    low, high = accuracy["ci95"]
    return (
        f"{result['model']}: accuracy {100 * accuracy['value']:.1f} % [{100 * low:.1f}, {100 * high:.1f}] "
        f"on {accuracy['n']} problems, {result['ungradable']} ungradable; temperature {result['temperature']}"
    )
