"""Sampling on one and on two Ray workers of one thread each, beside the same engine in this process.

    python benchmarks/ray_sampling.py --json figures.json [--model runs/sandbox/checkpoints/hsft/model]

The tokens are the same each time, which is checked. Workers are loaded before the clock starts, as a stage loads them
once. Two workers want two cores of their own.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import torch
from sampling import make_prompts, measure, read_options, report, sample

from supercorrect.config import StudentConfig
from supercorrect.models.engines import open_student
from supercorrect.models.placement import ClusterStudent, sampling_worker
from supercorrect.models.student import Student

PROMPTS, BATCH_SIZE = 2048, 128
"""Sixteen batches, so that the last one to end is a small part of the time."""


def place(address: str, model: str, config: StudentConfig, stack: ExitStack) -> Student:
    """The student in as many workers as the cluster has cores."""
    from supercorrect.scale.cluster import open_cluster

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=".")))
    cluster = stack.enter_context(open_cluster(address, folder, 1, print))
    workers = cluster.open(partial(sampling_worker, model, config), gpus=0)
    return stack.enter_context(closing(ClusterStudent(open_student(model, config), workers)))


def main() -> None:
    """Measure in turns, print, and write the figures where `--json` says."""
    options = read_options(__doc__)
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")
    from ray.cluster_utils import Cluster

    torch.set_num_threads(1)
    config = StudentConfig(model=options.model, batch_size=BATCH_SIZE)
    here = open_student(options.model, config)
    prompts = make_prompts(here.tokenizer, PROMPTS)
    speeds: dict[str, list[float]] = {"here": [], "1 worker": [], "2 workers": []}
    same = True
    node = {"num_cpus": 1, "object_store_memory": 100_000_000}
    nodes = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    for count in (1, 2):
        if count == 2:
            nodes.add_node(**node)
        with ExitStack() as stack:
            placed = place(nodes.address, options.model, config, stack)
            sample(placed, prompts[: count * BATCH_SIZE])  # loads them
            for _ in range(options.rounds):
                speed, expected = measure(lambda: sample(here, prompts))
                speeds["here"].append(speed)
                speed, rows = measure(lambda placed=placed: sample(placed, prompts))
                speeds[f"{count} worker" + "s" * (count - 1)].append(speed)
                same = same and rows == expected
    nodes.shutdown()
    best = {name: statistics.median(values) for name, values in speeds.items()}
    figures = {
        "two_workers_vs_one": round(best["2 workers"] / best["1 worker"], 2),
        "one_worker_vs_here": round(best["1 worker"] / best["here"], 2),
        "identical_greedy_tokens": same,
        **{f"{name.replace(' ', '_')}_tokens_per_second": round(value) for name, value in best.items()},
    }
    report(figures, options.json)


if __name__ == "__main__":
    main()
