"""What all tests share: the real data folder where there is one, and one small run of the sandbox."""

from __future__ import annotations

import os
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


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, which are never part of the project."""
    folder = os.environ.get("SUPERCORRECT_DATA")
    if not folder:
        pytest.skip("SUPERCORRECT_DATA is not set: it names the folder with the real data sets")
    return Path(folder)
