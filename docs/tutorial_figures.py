"""Writes a run's figures into the tutorial: `python docs/tutorial_figures.py runs/sandbox`."""

from __future__ import annotations

import json
import platform
import re
import sys
import time
from pathlib import Path

PAGE = Path(__file__).parent / "tutorial.md"
_BLOCK = re.compile(r"(<!-- figures: .*? -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def describe_run(folder: Path) -> str:
    """The run's table of students, and when, where and in which time it was made."""
    report = folder / "report.md"
    table = next(part for part in report.read_text(encoding="utf-8").split("\n\n") if part.startswith("| arm |"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    seconds = sum(stage["seconds"] for stage in manifest["stages"].values())
    made = time.strftime("%Y-%m-%d", time.gmtime(report.stat().st_mtime))
    problems = manifest["stages"]["evaluation_base"]["in"]
    return (
        f"{table}\n\nAccuracy in % on {problems} held-out problems, with 95 % Wilson intervals; seed 0.\n"
        f"Made by that command on {made}, {platform.machine()}, {seconds:.0f} s for all stages, "
        f"torch {manifest['versions']['torch']}.\n"
    )


def fill_in(page: str, figures: str) -> str:
    """The page with these figures in place of those that it has."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{figures}\n{block[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(fill_in(PAGE.read_text(encoding="utf-8"), describe_run(Path(sys.argv[1]))), encoding="utf-8")
