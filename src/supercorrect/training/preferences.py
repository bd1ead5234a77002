"""Preference sets in TRL's columns, as the token ids that TRL makes of them.

A row is `{prompt, chosen, rejected}` or `{chosen, rejected}` with the prompt in both; each is a text or a list of
messages. Or it has the ids already: `{prompt_ids, chosen_ids, rejected_ids}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trl.data_utils import extract_prompt

from supercorrect.errors import TrainingDataError
from supercorrect.training.reference import TokenPair
from supercorrect.training.rendering import Tokenizer

ID_COLUMNS = ("prompt_ids", "chosen_ids", "rejected_ids")
Side = str | list[dict[str, Any]]
"""A text, or messages."""


@dataclass(frozen=True)
class PreferencePair:
    """A preference pair as token ids."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


def as_token_pairs(rows: Iterable[Any], tokenizer: Tokenizer | None) -> list[TokenPair]:
    """The rows of a preference set as pairs of token ids, in order.

    Args:
        rows: Mappings in TRL's columns, or whatever has token ids already, as a `Pair` record does.
        tokenizer: The model's own. None: every row has its token ids.

    Raises:
        TrainingDataError: A row has other columns, or there is no tokenizer for its text.
    """
    return [_pair(number, row, tokenizer) for number, row in enumerate(rows, start=1)]


def _pair(number: int, row: Any, tokenizer: Tokenizer | None) -> TokenPair:
    if not isinstance(row, Mapping):
        return row  # type: ignore[no-any-return]
    if all(name in row for name in ID_COLUMNS):
        return PreferencePair(*(list(row[name]) for name in ID_COLUMNS))
    if "chosen" not in row or "rejected" not in row:
        raise TrainingDataError(
            f"row {number}: expected the columns prompt, chosen and rejected, or {', '.join(ID_COLUMNS)}; "
            f"got {', '.join(row)}"
        )
    if tokenizer is None:
        raise TrainingDataError(f"row {number} is text: expected a tokenizer for it as `processing_class`, got None")
    return tokenize_preference(row, tokenizer)


def tokenize_preference(row: Mapping[str, Any], tokenizer: Tokenizer) -> PreferencePair:
    """One row, as TRL's DPOTrainer tokenises it.

    Prompt and completion are tokenised together, and the completion begins where the two sides and the prompt alone
    part. A text side ends with the EOS token; a conversation ends as the chat template ends it.
    """
    row = row if "prompt" in row else extract_prompt(dict(row))
    prompt = _ids(tokenizer, row["prompt"], add_generation_prompt=True)
    sides = [_ids(tokenizer, row["prompt"] + _closed(row[side], tokenizer)) for side in ("chosen", "rejected")]
    length = min(_common_length(prompt, side) for side in sides)
    return PreferencePair(prompt[:length], sides[0][length:], sides[1][length:])


def _common_length(ids: list[int], other: list[int]) -> int:
    pairs = zip(ids, other, strict=False)
    return next((i for i, (one, two) in enumerate(pairs) if one != two), min(len(ids), len(other)))


def _closed(side: Side, tokenizer: Tokenizer) -> Side:
    if not isinstance(side, str) or side.endswith(tokenizer.eos_token):
        return side
    return side + str(tokenizer.eos_token)


def _ids(tokenizer: Tokenizer, text: Side, **template_arguments: Any) -> list[int]:
    if isinstance(text, str):
        return [int(token) for token in tokenizer(text)["input_ids"]]
    return [int(token) for token in tokenizer.apply_chat_template(text, return_dict=False, **template_arguments)]
