"""A cluster as stages see it: workers that do many pieces of work side by side, and a training on several of them.

Stages know this much and no more; what stands behind it is in `scale`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from supercorrect.progress import Task

Item = TypeVar("Item")
Result = TypeVar("Result")
OpenWorker = Callable[[], AbstractContextManager[Callable[[Item], Result]]]
"""Called once in each worker: loads what the work needs, gives the function that does it, and frees it at the end.

It is pickled, and so are items and results. Doing an item twice has to give the same result: that is what happens to an
item whose worker is lost.
"""
ItemT = TypeVar("ItemT", contravariant=True)
ResultT = TypeVar("ResultT", covariant=True)


class Workers(Protocol[ItemT, ResultT]):
    """Workers that were opened alike; none is started before the first item."""

    def map(self, items: Sequence[ItemT]) -> Iterator[ResultT]:
        """The results, in the order of the items; workers run only so far ahead of who takes them.

        Raises:
            SuperCorrectError: What a worker raised, or that too many workers were lost.
        """

    def close(self) -> None:
        """End them and free what they hold. It may be called twice."""


class Training(Protocol):
    """A training that each of several processes can run (`supercorrect.training.jobs.TrainingJob`)."""

    @property
    def folder(self) -> Path:
        """Where it leaves its model, `training.json` and checkpoints."""

    def run(self, task: Task) -> int:
        """Train; returns the optimiser steps taken."""


class Cluster(Protocol):
    """Where a run's work is done, if not in its own process."""

    def open(self, open_worker: OpenWorker[Item, Result], *, gpus: int) -> Workers[Item, Result]:
        """Workers for one kind of work, as many as the cluster has room for.

        Args:
            open_worker: See `OpenWorker`.
            gpus: What each takes for its model, where the cluster has GPUs; without GPUs it takes `threads` cores.
                0: the work needs no model, and each node gets one worker.
        """

    def train(self, training: Training, processes: int, task: Task) -> int:
        """Run a training in several processes, each of which calls `training.run`; returns the optimiser steps."""
