"""A whole run of the sandbox on two nodes leaves, byte for byte, what it leaves in one process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.cluster import Cluster
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.scale.cluster import open_cluster
from two_nodes import TwoNodes

FOLDERS = ("data", "rejects", "tables", "checkpoints")


def run(folder: Path, cluster: Cluster | None) -> dict[str, Any]:
    """What a run of the cut-down sandbox leaves, by path."""
    pipeline = Pipeline(small_recipe(folder, "threads=1", "student.batch_size=4"), Reporter(quiet=True))
    pipeline.cluster = cluster
    pipeline.run()
    files = [path for name in FOLDERS for path in sorted((folder / name).rglob("*")) if path.is_file()]
    found: dict[str, Any] = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    found["metrics.json"] = json.loads((folder / "metrics.json").read_text())
    return found


@pytest.mark.slow
def test_a_run_on_two_nodes_is_the_run_of_one_process(two_nodes: TwoNodes, tmp_path: Path) -> None:
    here = run(tmp_path / "here", None)
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        there = run(tmp_path / "there", cluster)
    assert sorted(here) == sorted(there)
    assert [name for name, content in here.items() if content != there[name]] == []
    assert any(name.endswith("model.safetensors") for name in here)
