"""What can be asked for by a model's name: `student`, `student+correct`, `student+vote8`, `student+correct+vote8`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUFFIX = re.compile(r"(?P<correct>\+correct)?(?:\+vote(?P<votes>[1-9]\d{0,3}))?")
LISTED_VOTES = 8


@dataclass(frozen=True)
class Mode:
    """How a problem is solved.

    Attributes:
        self_correct: Whether the student reviews what it wrote, step by step, and mends it.
        votes: Solutions that vote on the answer; 1: there is one, and no vote.
    """

    self_correct: bool = False
    votes: int = 1

    @property
    def suffix(self) -> str:
        """What stands behind the student's name."""
        return ("+correct" if self.self_correct else "") + (f"+vote{self.votes}" if self.votes > 1 else "")


def read_mode(model: str, base: str) -> Mode | None:
    """The mode that a model's name asks for; None: it is no name of this student."""
    found = _SUFFIX.fullmatch(model.removeprefix(base)) if model.startswith(base) else None
    if found is None:
        return None
    return Mode(self_correct=found["correct"] is not None, votes=int(found["votes"] or 1))


def listed_modes(*, can_correct: bool) -> list[Mode]:
    """The modes that `/v1/models` lists; any other number of votes works, too."""
    reviews = (False, True) if can_correct else (False,)
    return [Mode(self_correct, votes) for votes in (1, LISTED_VOTES) for self_correct in reviews]
