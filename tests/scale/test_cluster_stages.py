"""Sampling and grading on two nodes give what they give here, also when one of the nodes is lost in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.cluster import Cluster
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.grading import Grade
from supercorrect.judging import ROWS_TOGETHER, grade_completions
from supercorrect.models.placement import place_student
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.student import TokenCompletion
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder
from supercorrect.scale.cluster import open_cluster
from supercorrect.store import RequestStore
from two_nodes import TwoNodes

ANSWERS = [("so \\boxed{(x+1)^2}", "x^2+2x+1", ""), ("\\boxed{7}", "8", ""), ("no answer", "8", "")]


@dataclass(frozen=True)
class KillingCluster:
    """A cluster that loses its other node behind the third result of whatever it works on."""

    nodes: TwoNodes
    cluster: Any

    def open(self, open_worker: Any, *, gpus: int) -> KillingCluster:
        return KillingCluster(self.nodes, self.cluster.open(open_worker, gpus=gpus))

    def map(self, items: list[Any]) -> Iterator[Any]:
        for count, result in enumerate(self.cluster.map(items), 1):
            yield result
            if count == 3:
                self.nodes.kill_other()

    def close(self) -> None:
        self.cluster.close()


def make_context(folder: Path, store: RequestStore, cluster: Cluster | None) -> StageContext:
    recipe = small_recipe(folder, "student.batch_size=2", "threads=1", "grading.workers=1")
    return StageContext(recipe, RunFolder(folder), store, Reporter(quiet=True), "solutions", "x", cluster=cluster)


def sample(
    folder: Path, cluster: Cluster | None, on_done: Callable[[int], None] | None = None
) -> list[TokenCompletion]:
    """Twenty completions of ragged prompts, in batches of two; the store is left in the folder."""
    with RequestStore(folder / "store.sqlite") as store:
        context = make_context(folder, store, cluster)
        with closing(place_student(context, context.student_model("base"))) as student:
            prompts = [student.tokenizer.encode(f"Ann starts at {k}" + " ; first plus 4" * (k % 4)) for k in range(20)]
            sampling = SamplingConfig(temperature=0.7, max_new_tokens=24)
            completions = sample_stored(student, store, prompts, sampling, seed=0, on_done=on_done)
        assert len(store) == len(prompts)
        return completions


def grade(folder: Path, cluster: Cluster | None, count: int) -> list[Grade]:
    with RequestStore(folder / "store.sqlite") as store:
        return grade_completions(make_context(folder, store, cluster), ANSWERS * count)[0]


def test_two_nodes_write_what_one_process_writes(two_nodes: TwoNodes, tmp_path: Path) -> None:
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        assert sample(tmp_path / "cluster", cluster) == sample(tmp_path / "here", None)
        count = ROWS_TOGETHER  # three parts
        assert grade(tmp_path / "cluster", cluster, count) == grade(tmp_path / "here", None, 1) * count


@pytest.mark.slow
def test_a_node_lost_in_the_middle_of_sampling_leaves_no_trace(two_nodes: TwoNodes, tmp_path: Path) -> None:
    done: list[int] = []

    def kill_once(count: int) -> None:
        done.append(count)
        if len(done) == 2:
            two_nodes.kill_other()

    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        assert sample(tmp_path / "cluster", cluster, kill_once) == sample(tmp_path / "here", None)
    assert done == list(range(2, 22, 2))


@pytest.mark.slow
def test_a_node_lost_in_the_middle_of_grading_leaves_no_trace(two_nodes: TwoNodes, tmp_path: Path) -> None:
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        killing: Any = KillingCluster(two_nodes, cluster)
        count = 10 * ROWS_TOGETHER  # thirty parts
        assert grade(tmp_path / "cluster", killing, count) == grade(tmp_path / "here", None, 1) * count
