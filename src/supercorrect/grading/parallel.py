"""Work on many items in threads: results in order, and a bounded number of items in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, *, waiting: int
) -> Iterator[Result]:
    """`function` of each item, in `workers` threads.

    Args:
        waiting: How many items may be under way, or done and not taken yet.
    """
    futures: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="grading") as executor:
        try:
            for item in items:
                futures.append(executor.submit(function, item))
                if len(futures) > waiting:
                    yield futures.popleft().result()
            while futures:
                yield futures.popleft().result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
