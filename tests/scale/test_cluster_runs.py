"""A whole run of the sandbox on two nodes leaves, byte for byte, what it leaves in one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.cluster import Cluster
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.scale.cluster import open_cluster
from two_nodes import TwoNodes

MADE = ("data/**/*", "rejects/**/*", "tables/**/*", "checkpoints/*/model/**/*", "checkpoints/*/training.json")
"""Records, models and curves. A checkpoint on the way holds its own path; logs, manifest and report hold times."""


def run(folder: Path, cluster: Cluster | None) -> dict[str, bytes]:
    """What a run of the cut-down sandbox makes, by path."""
    pipeline = Pipeline(small_recipe(folder, "threads=1", "student.batch_size=4"), Reporter(quiet=True))
    pipeline.cluster = cluster
    pipeline.run()
    files = [path for pattern in MADE for path in folder.glob(pattern) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_a_run_on_two_nodes_is_the_run_of_one_process(two_nodes: TwoNodes, tmp_path: Path) -> None:
    here = run(tmp_path / "here", None)
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        there = run(tmp_path / "there", cluster)
    assert sorted(here) == sorted(there)
    assert [name for name, content in here.items() if content != there[name]] == []
    assert any(name.endswith("model.safetensors") for name in here)
