"""What all tests share: one small run of the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_runs import small_recipe


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished small run. Tests that change it work on a copy."""
    from supercorrect.pipeline import Pipeline
    from supercorrect.progress import Reporter

    folder = tmp_path_factory.mktemp("runs") / "small"
    Pipeline(small_recipe(folder), Reporter(quiet=True)).run()
    return folder
