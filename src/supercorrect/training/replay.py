"""Replay: demonstrations of stage 1 beside the pairs of each forward pass, so that the student does not forget them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from supercorrect.training.completion_logps import TokenSequence
from supercorrect.training.rendering import IGNORED_LABEL, TrainingRow


class Replay:
    """Demonstrations, shuffled once and walked through in order, round and round."""

    def __init__(self, rows: Sequence[TrainingRow], *, batch_size: int, seed: int) -> None:
        self._rows = rows
        self._batch_size = batch_size
        self._order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()

    def batch(self, number: int) -> list[TokenSequence]:
        """The demonstrations of forward pass `number`, counted over all devices; a resumed training sees the same."""
        start = number * self._batch_size
        chosen = [self._rows[self._order[(start + i) % len(self._order)]] for i in range(self._batch_size)]
        return [_sequence(row) for row in chosen]


def _sequence(row: TrainingRow) -> TokenSequence:
    length = next(i for i, label in enumerate(row.labels) if label != IGNORED_LABEL)
    return TokenSequence(row.input_ids[:length], row.input_ids[length:])
