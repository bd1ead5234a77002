"""Pairs that cannot stand together in one training: what one of them rejects, another chooses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from supercorrect.records import Pair, Rejection
from supercorrect.training.pair_lint import pair_length


class Conflicts:
    """What several samples of one problem can bring about, told from hashes of tokens, and what is too long.

    Args:
        max_length: The most tokens of prompt and longer side together; None: any. Nothing is truncated.
    """

    def __init__(self, max_length: int | None) -> None:
        self._max_length = max_length
        self._chosen: set[bytes] = set()
        self._seen: set[bytes] = set()

    def note(self, pair: Pair) -> Pair:
        """Remember what a pair chooses; every pair is noted before the first is judged."""
        self._chosen.add(_hash(pair.prompt_ids, pair.chosen_ids))
        return pair

    def reason(self, pair: Pair) -> str:
        """Why a pair is left out; empty: it stays. Of equal ones the first does."""
        tokens = _hash(pair.prompt_ids, pair.chosen_ids, pair.rejected_ids)
        reason = "duplicate" if tokens in self._seen else ""
        self._seen.add(tokens)
        if _hash(pair.prompt_ids, pair.rejected_ids) in self._chosen:
            reason = "rejected_is_chosen_elsewhere"
        if self._max_length is not None and pair_length(pair) > self._max_length:
            reason = "too_long"
        return reason


def settle_conflicts(
    pairs: Iterable[Pair], conflicts: Conflicts, rejections: list[Rejection], *, stage: str
) -> Iterator[Pair]:
    """The pairs that stay, in order; the others join `rejections`."""
    for pair in pairs:
        reason = conflicts.reason(pair)
        if reason:
            rejections.append(Rejection(stage=stage, item_id=pair.pair_id, reason=reason, detail=pair.layout))
        else:
            yield pair


def _hash(*sides: tuple[int, ...]) -> bytes:
    return hashlib.blake2b(repr(sides).encode(), digest_size=16).digest()
