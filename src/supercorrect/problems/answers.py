"""The reference answer in a reference solution, and text in whatever form a data set gives it."""

from __future__ import annotations

import re

from supercorrect.grading.boxes import find_boxes

_CALCULATOR_NOTE = re.compile(r"<<[^<>\n]*>>")
_LAST_LINE_ANSWER = re.compile(r"(?:^|\n)[ \t]*The answer is:[ \t]*(?P<answer>[^\n]+)\s*$")
_LAST_LINE_HASHES = re.compile(r"(?:^|\n)[ \t]*####[ \t]*(?P<answer>[^\n]+)\s*$")
NO_ANSWERS = frozenset({"", "proof", "notfound"})  # the latter two as NuminaMath 1.5 writes them


def find_reference_answer(solution: str) -> str:
    """The answer that a reference solution marks as such; empty where it marks none. Never a guess.

    In this order: a last line `The answer is: X` (MetaMath) or `#### X` (GSM8K), else the last `\\boxed{X}` (MATH,
    NuminaMath), with the boxes that stand in one list with it, joined by commas.
    """
    marked = _LAST_LINE_ANSWER.search(solution) or _LAST_LINE_HASHES.search(solution)
    if marked:
        return marked["answer"].strip()
    return ", ".join(dict.fromkeys(box.strip() for box in find_boxes(solution) or []))


def without_calculator_notes(solution: str) -> str:
    """A GSM8K solution without its `<<48/2=24>>`; they are notes to a calculator, not part of the reasoning."""
    return _CALCULATOR_NOTE.sub("", solution)


def text_of(value: object) -> str | None:
    """A value as text: numbers written out, 27.0 as 27, lists joined by commas. None: absent, or no text at all.

    Raises:
        ValueError: It is neither text, number nor a list of such, or its text is not valid Unicode.
    """
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return ", ".join(text for item in value if (text := text_of(item))) or None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected text or a number, got {str(value)[:80]!r}")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if not text.isascii():
        text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return text if text.strip() else None
