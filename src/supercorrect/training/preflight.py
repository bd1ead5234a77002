"""What is looked at before any training step, because afterwards it shows only in bad figures."""

from __future__ import annotations

from collections.abc import Sequence

from supercorrect.errors import TrainingDataError
from supercorrect.training.reference import TokenPair
from supercorrect.training.rendering import IGNORED_LABEL, TrainingRow


def check_rows(rows: Sequence[TrainingRow], end_id: int, max_length: int | None) -> None:
    """Check demonstrations.

    Args:
        rows: Demonstrations as tokens.
        end_id: The token that must be trained at the end of each.
        max_length: The longest row allowed, in tokens; None: any.

    Raises:
        TrainingDataError: There is no row, one trains nothing, does not train its end, or is too long.
    """
    if not rows:
        raise TrainingDataError("nothing to train on: expected at least one row; see rejects/ of the stages before")
    for number, row in enumerate(rows, start=1):
        if all(label == IGNORED_LABEL for label in row.labels):
            raise TrainingDataError(f"row {number} of {len(rows)} has no token with a loss; its completion is empty")
        if row.labels[-1] != end_id:
            raise TrainingDataError(
                f"row {number} of {len(rows)} does not train the end of the turn: expected token {end_id} last, "
                f"got {row.labels[-1]}; a student trained on it would never stop"
            )
    _check_lengths([len(row.input_ids) for row in rows], max_length)


def check_pairs(pairs: Sequence[TokenPair], max_length: int | None) -> None:
    """Check preference pairs.

    Raises:
        TrainingDataError: There is no pair, a side is empty, both sides are equal, or one is too long.
    """
    if not pairs:
        raise TrainingDataError(
            "no pairs to train on: the files of the corrections and pairs stages in rejects/ say why"
        )
    for number, pair in enumerate(pairs, start=1):
        name = getattr(pair, "pair_id", f"pair {number} of {len(pairs)}")
        if not pair.prompt_ids or not pair.chosen_ids or not pair.rejected_ids:
            raise TrainingDataError(f"{name} has an empty side; prompt, chosen and rejected all need tokens")
        if pair.chosen_ids == pair.rejected_ids:
            raise TrainingDataError(f"{name} has the same tokens on both sides: it would teach nothing")
    lengths = [len(p.prompt_ids) + max(len(p.chosen_ids), len(p.rejected_ids)) for p in pairs]
    _check_lengths(lengths, max_length)


def _check_lengths(lengths: Sequence[int], max_length: int | None) -> None:
    too_long = sum(length > max_length for length in lengths) if max_length else 0
    if too_long:
        raise TrainingDataError(
            f"{too_long} of {len(lengths)} rows are longer than max_length={max_length} tokens (longest: "
            f"{max(lengths)}); truncated rows teach nonsense, so raise max_length or leave it out"
        )
