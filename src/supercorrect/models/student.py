"""What every engine of a student gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TokenCompletion:
    """What a student wrote.

    Attributes:
        token_ids: The ids it sampled, end-of-turn token included where it wrote one.
        text: What they decode to, special tokens left out.
        finish_reason: `stop` at the end of the turn or at the stop string, `length` at the token limit.
    """

    token_ids: tuple[int, ...]
    text: str
    finish_reason: Literal["stop", "length"]
