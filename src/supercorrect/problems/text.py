"""Problem texts in the forms in which they are compared."""

from __future__ import annotations

import re
import unicodedata

_TYPESETTING = re.compile(r"\\(?:left|right|displaystyle|limits)(?![A-Za-z])")
_FRACTION = re.compile(r"\\[dt]frac(?![A-Za-z])")
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # kana and Chinese characters: each counts as one word
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_WORD_OR_SIGN = re.compile(rf"{_WORD.pattern}|[-+*/^=<>|%()\[\]]|(?<=[\d)])!")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DIGIT_GROUPS = re.compile(r"(?<=\d)(?:,|\{,\}|,\\!)(?=\d{3}(?!\d))")


def normalise_text(text: str) -> str:
    """What makes a problem the one that it is: its words and signs, without case, spacing, punctuation, LaTeX dress.

    Signs of operations and brackets stay: `2 - 3` and `2 + 3` are two problems, and so are `8/(4/2)` and `8/4/2`.
    """
    return " ".join(_WORD_OR_SIGN.findall(_folded(text)))


def words_of(text: str) -> list[str]:
    """The words, numbers and letters of a text, without any sign between them."""
    return _WORD.findall(_folded(text))


def numbers_of(text: str) -> tuple[str, ...]:
    """The numbers in a text, in order; `10,000` is 10000."""
    return tuple(_NUMBER.findall(_DIGIT_GROUPS.sub("", unicodedata.normalize("NFKC", text))))


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").casefold()
    return _FRACTION.sub(r"\\frac", _TYPESETTING.sub(" ", plain)) if "\\" in plain else plain
