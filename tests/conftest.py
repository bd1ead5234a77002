"""What all tests share: the real data folder where there is one, and one small run of the sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supercorrect.config import Recipe, load_recipe

REPOSITORY = Path(__file__).parent.parent
SANDBOX = REPOSITORY / "recipes" / "sandbox.yaml"
SMALL = (
    "problems.hsft.count=48",
    "problems.errors.count=24",
    "problems.held_out.count=16",
    "student.batch_size=16",
    "sft.max_steps=2",
    "hsft.max_steps=6",
    "hsft.save_steps=2",
    "hsft.learning_rate=2e-4",
    "cross_dpo.max_steps=4",
    "cross_dpo.save_steps=2",
    "cross_dpo.per_device_batch_size=4",
    "cross_dpo.replay_batch_size=2",
)


def small_recipe(folder: Path, *overrides: str) -> Recipe:
    """The sandbox recipe, cut down so that all its stages take seconds."""
    return load_recipe(SANDBOX, (*SMALL, f"output_dir={folder}", *overrides))


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
