"""The order of rows and pairs: shuffled, and then arranged so that little is computed for nothing."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Hashable, Iterator, Sequence

from torch.utils.data import Sampler

LOOKAHEAD = 32
"""How many pieces are looked at to fill a batch before one is cut."""


class ProblemSampler(Sampler[int]):
    """Each epoch visits every pair once; pairs of one problem stand together and, where they fit, in one batch.

    The order depends on the seed and the epoch alone, so that a resumed training goes on with the batches to come.
    """

    def __init__(self, problems: Sequence[Hashable], *, batch_size: int, seed: int) -> None:
        """Take the pairs.

        Args:
            problems: What each pair belongs to.
            batch_size: Pairs that are encoded together.
            seed: Of the order.
        """
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0
        groups: dict[Hashable, list[int]] = {}
        for index, problem in enumerate(problems):
            groups.setdefault(problem, []).append(index)
        self._groups = list(groups.values())

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of another epoch; the trainer calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def __iter__(self) -> Iterator[int]:
        order = random.Random(f"{self._seed}/{self._epoch}")
        pieces = [piece for group in self._groups for piece in self._pieces(order.sample(group, len(group)))]
        order.shuffle(pieces)
        waiting = deque(pieces)
        while waiting:
            yield from self._next_batch(waiting)

    def _next_batch(self, waiting: deque[list[int]]) -> list[int]:
        """Take the next pieces that fit whole; only where none of the next few does is one cut."""
        batch: list[int] = []
        passed_over: list[list[int]] = []
        while waiting and len(batch) < self._batch_size and len(passed_over) < LOOKAHEAD:
            piece = waiting.popleft()
            if len(piece) <= self._batch_size - len(batch):
                batch += piece
            else:
                passed_over.append(piece)
        room = self._batch_size - len(batch)
        if room and passed_over:
            batch += passed_over[0][:room]
            passed_over[0] = passed_over[0][room:]
        waiting.extendleft(reversed(passed_over))
        return batch

    def _pieces(self, group: list[int]) -> list[list[int]]:
        return [group[i : i + self._batch_size] for i in range(0, len(group), self._batch_size)]


class LengthSampler(Sampler[int]):
    """Each epoch visits every row once, at random; the rows of one optimiser step stand in the order of their length.

    So the micro-batches that a step accumulates are hardly padded, and the step has the gradient of any other order.
    Grouping rows of all steps by length would be faster still, and leaves a student worse (docs/experiments.md).
    """

    def __init__(self, lengths: Sequence[int], *, global_batch_size: int, seed: int) -> None:
        """Take the rows.

        Args:
            lengths: Tokens in each row.
            global_batch_size: Rows of one optimiser step, over all devices.
            seed: Of the order.
        """
        self._lengths = lengths
        self._global_batch_size = global_batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of another epoch; the trainer calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        order = list(range(len(self._lengths)))
        random.Random(f"{self._seed}/{self._epoch}").shuffle(order)
        for begun in range(0, len(order), self._global_batch_size):
            step = order[begun : begun + self._global_batch_size]
            yield from sorted(step, key=self._lengths.__getitem__)
