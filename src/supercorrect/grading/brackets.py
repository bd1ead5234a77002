"""Brackets in normalised text: where one closes, and how text splits outside of them."""

from __future__ import annotations

from supercorrect.grading.normalisation import TEXT_CLOSE, TEXT_OPEN


def matching_end(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes, by any kind of bracket (`[0,1)`); -1 where it does not."""
    depth = 0
    for place in range(start, len(text)):
        char = text[place]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return place
    return -1


def split_top(text: str, separators: tuple[str, ...], keep: bool = False) -> list[str]:
    """Split text at separators outside all brackets, stripped. `keep`: separators stay, at the odd places."""
    parts, depth, start, place = [], 0, 0, 0
    first = {separator[0] for separator in separators}
    while place < len(text):
        char = text[place]
        if char in "([{" + TEXT_OPEN:
            depth += 1
        elif char in ")]}" + TEXT_CLOSE:
            depth -= 1
        elif depth == 0 and char in first:
            found = next((separator for separator in separators if text.startswith(separator, place)), None)
            if found is not None:
                parts.append(text[start:place].strip())
                if keep:
                    parts.append(found)
                place = start = place + len(found)
                continue
        place += 1
    return [*parts, text[start:].strip()]
