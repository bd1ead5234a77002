"""The page of the command line is what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from small_runs import REPOSITORY


def test_the_page_of_the_command_line_is_current(tmp_path: Path) -> None:
    page = tmp_path / "cli.md"
    command = ["-m", "typer", "supercorrect.cli", "utils", "docs", "--name", "supercorrect", "--output", str(page)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    committed = (REPOSITORY / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert committed == page.read_text(encoding="utf-8"), "run `make reference`"
