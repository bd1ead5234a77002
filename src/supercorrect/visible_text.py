"""Text of models and files made safe to show: what a terminal or a page would obey becomes visible instead."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # not needed where text is shown on a page
    from rich.text import Text

_OBEYED = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Control and direction characters, halves of surrogate pairs, and separators of lines and paragraphs."""
_PLAIN = re.compile(r"[\n\t\x20-\x7e]*")


def plain_text(text: str) -> str:
    """The text with every character that is obeyed and not shown written as its code; line ends and tabs stay."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in _OBEYED else f"\\x{ord(c):02x}" for c in text)


def make_cells(*texts: str) -> list[Text]:
    """The cells of a row of a terminal's table, each showing its text as it is: nothing in it is read as markup."""
    from rich.text import Text

    return [Text(plain_text(text)) for text in texts]
