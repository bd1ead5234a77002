"""Where a stage's student runs: in this process, or in the workers of the run's cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from supercorrect.cluster import Workers
from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.context import StageContext
from supercorrect.models.engines import open_student
from supercorrect.models.student import Student, TokenCompletion


@dataclass(frozen=True)
class Batch:
    """Prompts that are sampled together, as in `Student.sample`; all of it together decides what comes out."""

    prompts: Sequence[Sequence[int]]
    sampling: SamplingConfig
    seed: int
    stop: str | None


class ClusterStudent:
    """A student that is known here, with its tokenizer, and sampled in a cluster's workers.

    Args:
        student: The same student, of which nothing but its tokenizer is loaded here.
        workers: Each with that student.
    """

    def __init__(self, student: Student, workers: Workers[Batch, list[TokenCompletion]]) -> None:
        self._student = student
        self._workers = workers

    @property
    def name(self) -> str:
        """See `Student`."""
        return self._student.name

    @property
    def fingerprint(self) -> str:
        """See `Student`."""
        return self._student.fingerprint

    @property
    def batch_size(self) -> int:
        """See `Student`."""
        return self._student.batch_size

    @property
    def tokenizer(self) -> Any:
        """See `Student`."""
        return self._student.tokenizer

    @property
    def engine(self) -> str:
        """See `Student`."""
        return self._student.engine

    @property
    def commit(self) -> str | None:
        """See `Student`."""
        return self._student.commit

    def sample(
        self, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, seed: int, stop: str | None = None
    ) -> list[TokenCompletion]:
        """See `Student`."""
        return next(self.sample_batches([Batch(prompts, sampling, seed, stop)]))

    def sample_batches(self, batches: Sequence[Batch]) -> Iterator[list[TokenCompletion]]:
        """Many batches side by side; their completions come in order."""
        return self._workers.map(batches)

    def close(self) -> None:
        """End the workers."""
        self._workers.close()
        self._student.close()


def place_student(context: StageContext, model: str) -> Student:
    """Open a model of the run, to be closed by the stage: on the cluster, where the run has one.

    A student behind a server stays with this process: it is the server that computes.
    """
    config = context.recipe.student
    student = open_student(model, config)
    if context.cluster is None or config.engine == "openai":
        return student
    gpus = config.vllm.tensor_parallel_size if config.engine == "vllm" else 1
    return ClusterStudent(student, context.cluster.open(partial(sampling_worker, model, config), gpus=gpus))


def sample_batches(student: Student, batches: Sequence[Batch]) -> Iterator[list[TokenCompletion]]:
    """The completions of each batch, in order: side by side where the student can, else one after the other."""
    if isinstance(student, ClusterStudent):
        return student.sample_batches(batches)
    return (student.sample(batch.prompts, batch.sampling, seed=batch.seed, stop=batch.stop) for batch in batches)


@contextmanager
def sampling_worker(model: str, config: StudentConfig) -> Iterator[Callable[[Batch], list[TokenCompletion]]]:
    """A worker's side: the student, loaded once, and what it does with a batch."""
    with closing(open_student(model, config)) as student:
        yield lambda batch: student.sample(batch.prompts, batch.sampling, seed=batch.seed, stop=batch.stop)
