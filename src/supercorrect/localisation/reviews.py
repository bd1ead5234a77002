"""What a critic says of a solution, and reading it from a correction trace."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.formats import find_named_step, parse_correction


@dataclass(frozen=True)
class Review:
    """A critic's word on one solution.

    Attributes:
        named_step: The first step (1-based) that it calls wrong. None: it calls none wrong, or cannot be read.
        answer: The final answer that it holds to be right. None: it gives none.
        unreadable: Why nothing can be read from its reply, which is not the same as calling no step wrong.
        reply: Its words as they came.
    """

    named_step: int | None = None
    cause: str | None = None
    correction: str | None = None
    answer: str | None = None
    unreadable: str | None = None
    reply: str = ""


def read_trace(reply: str, step_count: int) -> Review:
    """Read a whole correction trace, in reply to the correction prompt. Never raises.

    Args:
        step_count: How many steps the solution has; a critic cannot name another.
    """
    parsed = parse_correction(reply)
    if parsed.record is None:
        return Review(unreadable=parsed.failure, reply=reply)
    named = find_named_step(reply)
    if named is None:
        return Review(answer=parsed.record.answer, reply=reply)
    if named > step_count:
        return Review(unreadable="names_no_step", reply=reply)
    faulted = next(step for step in parsed.record.steps if step.cause is not None or step.correction is not None)
    return Review(named, faulted.cause, faulted.correction, parsed.record.answer, reply=reply)
