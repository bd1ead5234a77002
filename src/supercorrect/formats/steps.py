"""Steps one by one: the pieces that stages put together and cut apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supercorrect.formats.document import read_document
from supercorrect.formats.parts import THOUGHT_PARTS


class StepSpan(NamedTuple):
    """A step and where it stands: `text[start:end]` is the step with its tags."""

    text: str
    start: int
    end: int


def open_step(k: int, text: str) -> str:
    """Step `k` (1-based) without its closing tag, for a reader to go on from: `<Step2> 3 + 4 = 8`."""
    return f"<Step{k}> {text}"


def close_step(k: int) -> str:
    """What closes step `k`, with the space before it: `open_step(k, text) + close_step(k)` is the canonical step."""
    return f" </Step{k}>"


def render_steps(steps: Sequence[str], start: int = 1) -> str:
    """The canonical layout, a line a step; the first has the number `start`."""
    return "\n".join(open_step(k, text) + close_step(k) for k, text in enumerate(steps, start))


def split_steps(text: str) -> list[StepSpan]:
    """The steps of a text by position: item `k - 1` is step `k`, with the same texts that `parse_thought` gives.

    A step without its closing tag ends where the next element starts. A step that the text breaks off in is left out,
    as are steps with no text. Never raises; a text without steps gives an empty list.
    """
    return [
        StepSpan(parts.text, block.start, block.end)
        for parts, block in read_document(text, THOUGHT_PARTS).steps
        if block.ended
    ]
