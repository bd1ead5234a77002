"""Work on a Ray cluster: actors that are opened once, ordered results, and no item lost with the actor that had it.

Ray Data would load the engine anew for each pipeline, and one student's review is a dozen of them; these actors stay
for as long as their stage wants them (docs/design.md has the measurements).
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic

import ray
from ray import cloudpickle
from ray.exceptions import RayError, RayTaskError

from supercorrect.cluster import Item, Result
from supercorrect.errors import SuperCorrectError, WorkersLostError
from supercorrect.scale.surroundings import Surroundings

AHEAD = 4
"""So many items for each worker may be done or under way before their turn: it bounds memory, and what a kill costs."""
MOST_LOSSES = 4
"""So often an item is sent again, or a worker opened again, before the work itself is held to be the reason."""
_CLOSING_SECONDS = 10.0


class Worker:
    """An actor's own side: opened once, then it does one item after another.

    Args:
        open_worker: An `OpenWorker`, pickled: it can be read in the right surroundings alone.
    """

    def __init__(self, surroundings: Surroundings, open_worker: bytes) -> None:
        self._surroundings = surroundings
        self._open_worker = open_worker
        self._opened = contextlib.ExitStack()
        self._work: Callable[[Any], Any] | None = None

    def open(self) -> None:
        """Load what the work needs."""
        self._surroundings.apply()
        self._work = self._opened.enter_context(cloudpickle.loads(self._open_worker)())

    def work(self, item: Any) -> Any:
        """Do one item."""
        assert self._work is not None  # `open` is the first thing that an actor is asked
        return self._work(item)

    def close(self) -> None:
        """Free what was loaded."""
        self._opened.close()


class RayWorkers(Generic[Item, Result]):
    """Actors that were opened alike; see `supercorrect.cluster.Workers`.

    Args:
        start: Starts one actor of `Worker`, wherever there is room.
        count: How many.
        say: Is told of losses.
    """

    def __init__(self, start: Callable[[], Any], count: int, say: Callable[[str], None]) -> None:
        self._start = start
        self._count = count
        self._say = say
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, int | None]] = {}  # by what is under way: the actor, and the item's place

    def map(self, items: Sequence[Item]) -> Iterator[Result]:
        """The results, in the order of the items."""
        waiting, results, losses = deque(range(len(items))), dict[int, Result](), Counter[int | None]()
        for _ in range(min(self._count, len(items)) - len(self._idle) - len(self._busy)):
            self._open_one()
        try:
            for due in range(len(items)):
                while due not in results:
                    while self._idle and waiting and waiting[0] < due + AHEAD * self._count:
                        self._send(waiting.popleft(), items)
                    self._receive(waiting, results, losses)
                yield results.pop(due)
        finally:
            if any(place is not None for _, place in self._busy.values()):  # who takes the results has stopped early
                self.close()

    def close(self) -> None:
        """End the actors; those that are idle free what they hold in good order."""
        closing = [actor.close.remote() for actor in self._idle]
        if closing:
            ray.wait(closing, num_returns=len(closing), timeout=_CLOSING_SECONDS)
        for actor in (*self._idle, *(actor for actor, _ in self._busy.values())):
            ray.kill(actor)
        self._idle, self._busy = [], {}

    def _open_one(self) -> None:
        actor = self._start()
        self._busy[actor.open.remote()] = actor, None

    def _send(self, place: int, items: Sequence[Item]) -> None:
        actor = self._idle.pop()
        self._busy[actor.work.remote(items[place])] = actor, place

    def _receive(self, waiting: deque[int], results: dict[int, Result], losses: Counter[int | None]) -> None:
        """Wait for one actor; what a lost one had goes to the next that is free, and another one takes its place."""
        done = self._wait_for_one()
        actor, place = self._busy.pop(done)
        try:
            result = ray.get(done)
        except RayTaskError as error:
            self._idle.append(actor)
            if isinstance(error.cause, SuperCorrectError):
                raise error.cause from None
            raise
        except RayError as error:
            losses[place] += 1
            self._require_progress(
                losses[place], MOST_LOSSES if place is not None else MOST_LOSSES * self._count, error
            )
            self._replace(actor, error)
            if place is not None:
                waiting.appendleft(place)
        else:
            self._idle.append(actor)
            losses[place] = 0
            if place is not None:
                results[place] = result

    def _wait_for_one(self) -> Any:
        try:
            [done], _ = ray.wait(list(self._busy), num_returns=1)
        except SystemError as error:  # so arrives what a signal's handler raised meanwhile
            raise error.__cause__ or error from None
        return done

    def _replace(self, lost: Any, error: RayError) -> None:
        ray.kill(lost)  # where it was the result alone that was lost
        self._say(f"a worker was lost ({type(error).__name__}); another takes its place and its work")
        self._open_one()

    def _require_progress(self, losses: int, most: int, error: RayError) -> None:
        if losses > most:
            raise WorkersLostError(
                f"the same work has lost {losses} workers, the last one so: {str(error).strip().splitlines()[0]} "
                "The system may have ended them for their memory: a smaller student.batch_size needs less of it"
            )
