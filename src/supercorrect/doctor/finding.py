"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Attributes:
        state: `problem` where the recipe cannot run, `note` where it can and something is worth knowing.
        found: What there is, in words.
        fix: What to do about it; empty where nothing has to be done.
    """

    what: str
    state: State
    found: str
    fix: str = ""
