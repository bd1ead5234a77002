"""`\\boxed{…}` in model text: the last one, and whether it is the last of a list of boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOX = re.compile(r"\\(?:boxed|fbox)\b\s*")
_BETWEEN = re.compile(r"(?:,|;|\band\b|\bor\b|\\quad|\\qquad|\\text|&)", re.IGNORECASE)
_SENTENCE_OR_PARAGRAPH = re.compile(r"[a-z)$}]\.(?:\s|$)|\n\s*\n|=[^=]*=")
_EMPTY = re.compile(r"\s*(?:\\[hv]?phantom\s*\{[^{}]*\})?\s*")
MAX_BOXES = 16
MAX_BOX_CHARS = 20_000
MAX_GAP_CHARS = 60


@dataclass(frozen=True, slots=True)
class _Box:
    start: int
    end: int
    content: str


def find_boxes(text: str) -> list[str] | None:
    """The contents of the last box and of those that stand in one list with it, in the order of the text.

    Returns:
        None where there is no box; an empty list where every box is empty.
    """
    boxes = _last_boxes(text)
    if not boxes:
        return None
    filled = [box for box in boxes if _EMPTY.fullmatch(box.content) is None]
    if not filled:
        return []
    listed = [filled[-1]]
    for box in reversed(filled[:-1]):
        if not _in_one_list(text[box.end : listed[0].start]):
            break
        listed.insert(0, box)
    return [box.content for box in listed]


def _in_one_list(between: str) -> bool:
    """Whether two boxes with this text between them are items of one list."""
    if len(between) > MAX_GAP_CHARS or _SENTENCE_OR_PARAGRAPH.search(between):
        return False
    return _BETWEEN.search(between) is not None


def _last_boxes(text: str) -> list[_Box]:
    """The last boxes that hold no other box. Bounded work: a megabyte of `\\boxed{` costs what sixteen cost."""
    starts = list(_BOX.finditer(text))[-MAX_BOXES:]
    boxes = [box for box in (_read_box(text, match) for match in starts) if box is not None]
    return [box for place, box in enumerate(boxes) if place + 1 == len(boxes) or boxes[place + 1].start >= box.end]


def _read_box(text: str, match: re.Match[str]) -> _Box | None:
    """One box, with braces or (`\\boxed 7`) without; a box that is cut off ends with its line. None: nothing in it."""
    start = match.end()
    if text[start : start + 1] != "{":
        bare = re.compile(r"[^\s$.]+|").match(text, start)
        return _Box(match.start(), bare.end(), bare.group()) if bare and bare.group() else None
    depth, place, limit = 0, start, min(len(text), start + MAX_BOX_CHARS)
    while place < limit:
        char = text[place]
        if char == "\\":
            place += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return _Box(match.start(), place + 1, text[start + 1 : place])
        place += 1
    cut = text[start + 1 : limit].split("\n")[0].rstrip("$ ")
    return _Box(match.start(), start + 1 + len(cut), cut) if cut.strip() else None
