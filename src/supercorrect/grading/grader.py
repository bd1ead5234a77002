"""The grader: one object that grades completions, alone or many at a time, from any thread or event loop."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from supercorrect.config import GradingPolicy
from supercorrect.errors import ConfigError
from supercorrect.grading.extraction import Extraction
from supercorrect.grading.grades import Grade
from supercorrect.grading.judge import Judge
from supercorrect.grading.parallel import map_in_order
from supercorrect.grading.pool import CheckResult, WorkerPool
from supercorrect.grading.tasks import make_task, worker_check_of

WAITING_ROWS = 256
"""How many rows are read ahead of the oldest that is not graded yet."""


class Grader:
    """Grades completions against reference answers: correct, incorrect or ungradable.

    Most answers are decided in microseconds in this process; what needs computer algebra goes to worker processes,
    which start when the first such answer comes.

    Args:
        task: `math`, `multiple_choice`, `exact`, `numeric`, `regex`, or the user's `module:function`.
        policy: What is lenient; None: the conventions of MATH and GSM8K.
        workers: How many worker processes at most.
        timeout_seconds: Wall-clock limit of one check in a worker.
        memory_mb: Memory limit of one check in a worker.
        judge: Asks a model about what is left ungradable; None: it stays ungradable.

    Attributes:
        workers: As given.
        fingerprint: Task, policy and limits in one text: where it differs, grades may.

    Raises:
        ConfigError: There is no such task, or a limit is not positive.
    """

    def __init__(
        self,
        task: str = "math",
        policy: GradingPolicy | None = None,
        workers: int = 2,
        timeout_seconds: float = 3.0,
        memory_mb: int = 512,
        judge: Judge | None = None,
    ) -> None:
        if workers < 1 or timeout_seconds <= 0 or memory_mb < 256:
            raise ConfigError(
                "grading limits: expected workers >= 1, timeout_seconds > 0 and memory_mb >= 256 (computer algebra "
                f"itself takes about 200), got workers={workers}, "
                f"timeout_seconds={timeout_seconds}, memory_mb={memory_mb}"
            )
        policy = policy or GradingPolicy()
        self.workers = workers
        self.fingerprint = " ".join(
            (task, policy.model_dump_json(), str(timeout_seconds), str(memory_mb), "judged" if judge else "unjudged")
        )
        self._pool = WorkerPool(workers, timeout_seconds, memory_mb, worker_check_of(task))
        self._task = make_task(task, policy, self._pool.check)
        self._judge = judge

    def grade(self, completion: str, reference_answer: str, problem: str | None = None) -> Grade:
        """Grade a completion.

        Args:
            reference_answer: The answer, or a whole reference solution.
            problem: Shown to the judge, if there is one; None: it judges without.
        """
        extraction = self._task.extract(completion)
        if extraction is None:
            return Grade("ungradable", reason="no_answer")
        return self._grade(extraction, reference_answer, problem)

    def grade_answer(self, answer: str, reference_answer: str, problem: str | None = None) -> Grade:
        """Grade an answer that has been taken out of its completion already."""
        grade = self._grade(Extraction(answer, "given"), reference_answer, problem)
        return Grade(grade.status, answer, None, grade.reason)

    async def grade_async(self, completion: str, reference_answer: str, problem: str | None = None) -> Grade:
        """`grade` without blocking the event loop."""
        return await asyncio.to_thread(self.grade, completion, reference_answer, problem)

    def grade_stream(self, rows: Iterable[tuple[str, str]]) -> Iterator[Grade]:
        """Grade (completion, reference_answer) pairs in parallel and in order, holding few of them in memory."""
        return map_in_order(lambda row: self.grade(*row), rows, self.workers, waiting=WAITING_ROWS)

    def grade_many(self, rows: Iterable[tuple[str, str]]) -> list[Grade]:
        """`grade_stream` as a list."""
        return list(self.grade_stream(rows))

    def grade_answers(self, rows: Iterable[tuple[str, str]]) -> list[Grade]:
        """`grade_answer` for (answer, reference_answer) pairs, in parallel and in order."""
        return list(map_in_order(lambda row: self.grade_answer(*row), rows, self.workers, waiting=WAITING_ROWS))

    def _grade(self, extraction: Extraction, reference_answer: str, problem: str | None) -> Grade:
        grade = self._task.grade(extraction, reference_answer)
        if grade.status == "ungradable" and self._judge is not None:
            return self._judge.grade(grade, reference_answer, problem)
        return grade

    def check(self, reference: str, answer: str) -> CheckResult:
        """Ask a worker alone, without the steps before it."""
        return self._pool.check(reference, answer)

    @property
    def workers_running(self) -> int:
        """How many worker processes have been started and are idle now."""
        return self._pool.idle_workers

    def close(self) -> None:
        """End the worker processes."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_default: Grader | None = None
_default_lock = threading.Lock()


def _default_grader() -> Grader:
    global _default
    with _default_lock:
        if _default is None:
            _default = Grader()
            atexit.register(_default.close)
        return _default


def grade(completion: str, reference_answer: str) -> Grade:
    """Grade one completion in one line, with the defaults of `Grader`."""
    return _default_grader().grade(completion, reference_answer)


def equivalent(reference_answer: str, answer: str) -> bool | None:
    """Whether two answers are the same: True, False, or None where nobody could tell (see `Grade.reason`)."""
    status = _default_grader().grade_answer(answer, reference_answer).status
    return None if status == "ungradable" else status == "correct"
