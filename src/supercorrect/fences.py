"""Marks that tell a prompt's own words from the texts in it, which may be anybody's."""

from __future__ import annotations

import hashlib
import json
from itertools import count


def make_fence(*texts: str) -> str:
    """Sixteen hexadecimal digits that stand in none of the texts.

    They are made of the texts' hash, so the same request has the same mark wherever and whenever it is made, and is
    never paid twice. Yet no text can close its own section: whoever writes a mark into a text changes its hash, and a
    mark that stands in a text is passed over.
    """
    whole = json.dumps(texts)
    marks = (hashlib.sha256(f"{turn} {whole}".encode()).hexdigest()[:16] for turn in count())
    return next(mark for mark in marks if not any(mark in text.casefold() for text in texts))
