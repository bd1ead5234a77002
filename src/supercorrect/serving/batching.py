"""One student for many threads: what they ask for at the same time is sampled together, a few tokens at a time.

Between two rounds finished rows leave and new ones join, so that nobody waits for another's whole solution, and text
can be shown while it is written. Any engine of a student will do: a round is one call of `sample`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from supercorrect.config import SamplingConfig
from supercorrect.models.student import Student, TokenCompletion
from supercorrect.run_folder import seed_of

ROUND_TOKENS = 32
"""More tokens in a round mean that a prompt is read less often; fewer let others in sooner."""
OnText = Callable[[int, str], None]
"""Is told a row, and all that stands in it so far."""
Lane = tuple[Any, ...]
"""Rows of one lane may be sampled together."""


class CancelledWorkError(Exception):
    """Raised where rows are asked for on behalf of somebody who has gone, or of a batcher that is closed."""


@dataclass
class _Row:
    call: _Call
    index: int
    prompt: list[int]
    written: list[int] = field(default_factory=list)
    finish_reason: Literal["stop", "length"] | None = None


@dataclass
class _Call:
    """What one thread waits for."""

    sampling: SamplingConfig
    seed: int
    stops: tuple[str, ...]
    cancelled: threading.Event
    on_text: OnText | None
    rows: list[_Row] = field(default_factory=list)
    rounds: int = 0
    done: Future[list[TokenCompletion]] = field(default_factory=Future)

    @property
    def lane(self) -> Lane:
        """Greedy rows with the same stops go together; what is drawn has a lane of its own.

        So draws depend on the call's own prompts and seed, whatever else is asked for at the same time.
        """
        return ("greedy", self.stops) if self.sampling.temperature == 0 else ("drawn", id(self))


class Batcher:
    """Samples a student on behalf of many threads, from one thread of its own: `with Batcher(student) as batcher`.

    Args:
        round_tokens: Tokens that a row gets in one round.
    """

    def __init__(self, student: Student, round_tokens: int = ROUND_TOKENS) -> None:
        self.student = student
        self._round_tokens = round_tokens
        self._lanes: OrderedDict[Lane, list[_Row]] = OrderedDict()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)

    def __enter__(self) -> Batcher:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def complete(self, call: _Call) -> list[TokenCompletion]:
        """Wait until all rows of a call are finished.

        Raises:
            CancelledWorkError: Whoever asked has gone.
        """
        if not call.rows:
            return []
        with self._changed:
            self._lanes.setdefault(call.lane, []).extend(call.rows)
            self._changed.notify()
        return call.done.result()

    def _work(self) -> None:
        while (rows := self._next_round()) is not None:
            try:
                self._sample(rows)
            except Exception as error:  # noqa: BLE001 (whatever the engine raises is told to those who wait for it)
                for call in _calls_of(rows):
                    self._fail(call, error)

    def _next_round(self) -> list[_Row] | None:
        """The rows whose turn it is: lanes take turns, and within a lane who came first. None: it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._lanes or self._closing)
            for call in _calls_of(row for rows in self._lanes.values() for row in rows):
                if self._closing or call.cancelled.is_set():
                    self._fail(call, CancelledWorkError())
            if not self._lanes:
                return None if self._closing else []
            lane, rows = self._lanes.popitem(last=False)
            self._lanes[lane] = rows
            return rows[: self.student.batch_size]

    def _sample(self, rows: list[_Row]) -> None:
        if not rows:
            return
        call = rows[0].call
        most = max(row.call.sampling.max_new_tokens - len(row.written) for row in rows)
        sampling = call.sampling.model_copy(update={"max_new_tokens": min(self._round_tokens, most)})
        stop = call.stops[0] if len(call.stops) == 1 else None
        seed, call.rounds = seed_of([call.seed, call.rounds]), call.rounds + 1
        prompts = [[*row.prompt, *row.written] for row in rows]
        completions = self.student.sample(prompts, sampling, seed=seed, stop=stop)
        for row, completion in zip(rows, completions, strict=True):
            self._take(row, completion)
        self._leave([row for row in rows if row.finish_reason])
        for one in _calls_of(rows):
            if all(row.finish_reason for row in one.rows):
                one.done.set_result([self._completion(row) for row in one.rows])

    def _take(self, row: _Row, completion: TokenCompletion) -> None:
        """Add a round's tokens to a row."""
        call, limit = row.call, row.call.sampling.max_new_tokens
        begun = len(row.written)
        row.written = [*row.written, *completion.token_ids][:limit]
        cut = self._find_stop(row.written, begun, call.stops)
        if cut is not None:
            row.written, row.finish_reason = row.written[:cut], "stop"
        elif completion.finish_reason == "stop" and begun + len(completion.token_ids) <= limit:
            row.finish_reason = "stop"
        elif len(row.written) == limit:
            row.finish_reason = "length"
        if call.on_text is not None and not call.cancelled.is_set():
            call.on_text(row.index, self._decode(row.written))

    def _find_stop(self, ids: list[int], begun: int, stops: tuple[str, ...]) -> int | None:
        """How many tokens it takes until one of `stops` stands there; None: none does."""
        if not stops or not any(stop in self._decode(ids) for stop in stops):
            return None
        return next(n for n in range(begun, len(ids) + 1) if any(stop in self._decode(ids[:n]) for stop in stops))

    def _decode(self, ids: list[int]) -> str:
        return str(self.student.tokenizer.decode(ids, skip_special_tokens=True))

    def _completion(self, row: _Row) -> TokenCompletion:
        return TokenCompletion(tuple(row.written), self._decode(row.written), row.finish_reason or "length")

    def _leave(self, rows: list[_Row]) -> None:
        gone = set(map(id, rows))
        with self._changed:
            for lane in {row.call.lane for row in rows} & self._lanes.keys():
                self._lanes[lane] = [row for row in self._lanes[lane] if id(row) not in gone]
                if not self._lanes[lane]:
                    del self._lanes[lane]

    def _fail(self, call: _Call, error: Exception) -> None:
        self._leave(call.rows)
        if not call.done.done():
            call.done.set_exception(error)


def _calls_of(rows: Iterable[_Row]) -> list[_Call]:
    return list({id(row.call): row.call for row in rows}.values())


class SharedStudent:
    """A student as one request sees it: it samples through the batcher, and counts what it wrote.

    Attributes:
        cancelled: Set it, and the request's work ends with `CancelledWorkError`.
        written_tokens: All tokens that were sampled for this request.
    """

    def __init__(self, batcher: Batcher, cancelled: threading.Event | None = None) -> None:
        self._batcher = batcher
        self.cancelled = cancelled or threading.Event()
        self.written_tokens = 0
        self.name, self.fingerprint = batcher.student.name, batcher.student.fingerprint
        self.batch_size, self.tokenizer = batcher.student.batch_size, batcher.student.tokenizer

    @property
    def engine(self) -> str:
        """See `Student.engine`."""
        return self._batcher.student.engine

    @property
    def commit(self) -> str | None:
        """See `Student.commit`."""
        return self._batcher.student.commit

    def close(self) -> None:
        """Nothing: others sample the same student."""

    def sample(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: SamplingConfig,
        *,
        seed: int,
        stop: str | tuple[str, ...] | None = None,
        on_text: OnText | None = None,
    ) -> list[TokenCompletion]:
        """As `Student.sample`, with several stop strings, and telling what is written as it comes."""
        stops = (stop,) if isinstance(stop, str) else stop or ()
        call = _Call(sampling, seed, stops, self.cancelled, on_text)
        call.rows = [_Row(call, i, list(prompt)) for i, prompt in enumerate(prompts)]
        completions = self._batcher.complete(call)
        self.written_tokens += sum(len(completion.token_ids) for completion in completions)
        return completions
