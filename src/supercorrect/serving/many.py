"""Many problems solved by one student: some at the same time, and given back in their order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Event

from supercorrect.errors import InputError
from supercorrect.grading import Grader
from supercorrect.serving.solving import Asked, ReadyStudent, Solved, solve


@dataclass(frozen=True)
class Unsolved:
    """A problem that the student cannot be asked, and why."""

    problem: str
    reason: str


def solve_in_order(
    asked: Iterator[Asked], student: ReadyStudent, grader: Grader, width: int
) -> Iterator[Solved | Unsolved]:
    """Each problem with its solution, in order; `width` of them are under way, and no more have been read.

    Whoever reads no further ends the work.
    """
    gone = Event()

    def work(one: Asked) -> Solved | Unsolved:
        try:
            return solve(one, student.writer(gone), grader)
        except InputError as error:
            return Unsolved(one.problem, str(error))

    with ThreadPoolExecutor(width, thread_name_prefix="solving") as executor:
        try:
            waiting = [executor.submit(work, one) for one in islice(asked, width)]
            while waiting:
                yield waiting.pop(0).result()
                waiting += [executor.submit(work, one) for one in islice(asked, 1)]
        finally:
            gone.set()
