"""What an installation brings along: how much, and nothing that runs at the start of every Python."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
MOST_PACKAGES = 39
"""More than the 32 that were aimed at: docs/reliability.md says which."""


def core_packages() -> set[str]:
    """Every package that `pip install supercorrect` brings, without extras."""
    found: set[str] = set()
    waiting = ["supercorrect"]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            needed = [Requirement(line) for line in distribution(name).requires or ()]
            waiting += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found - {"supercorrect"}


def test_the_core_stays_small() -> None:
    packages = core_packages()
    assert len(packages) <= MOST_PACKAGES, sorted(packages)
    assert not packages & {"torch", "transformers", "datasets", "pyarrow", "litellm"}


def test_every_package_of_the_core_is_pinned() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    assert core_packages() <= pinned


@pytest.mark.slow
def test_the_wheel_is_the_same_whenever_it_is_built_and_starts_nothing(tmp_path: Path) -> None:
    wheels = []
    for turn in ("first", "second"):
        source = tmp_path / turn / "source"
        shutil.copytree(REPOSITORY / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(REPOSITORY / name, source / name)
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path / turn), str(source)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1764028800"}
        subprocess.run(command, env=environment, capture_output=True, check=True)
        wheels += (tmp_path / turn).glob("*.whl")
    assert len({hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}) == 1 and len(wheels) == 2
    names = zipfile.ZipFile(wheels[0]).namelist()
    assert not [name for name in names if name.endswith((".pth", ".so", "sitecustomize.py"))]
    assert any(name.endswith("recipes/sandbox.yaml") for name in names)
