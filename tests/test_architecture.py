"""Rules of the house that import-linter does not hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from small_runs import REPOSITORY

SOURCE = REPOSITORY / "src" / "supercorrect"
OUTSIDE_THE_SANDBOX = sorted(p for p in SOURCE.rglob("*.py") if not {"sandbox", "cli", "paper"} & set(p.parts))


@pytest.mark.parametrize("path", OUTSIDE_THE_SANDBOX, ids=lambda p: str(p.relative_to(SOURCE)))
def test_nothing_but_the_command_line_and_the_page_of_results_knows_the_sandbox(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert not [module for module in modules if module.startswith("supercorrect.sandbox")]
