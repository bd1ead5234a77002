"""The tokens of a scalar expression: numbers, commands, one-letter variables and symbols."""

from __future__ import annotations

import re

from supercorrect.grading.expressions import FUNCTION_NAMES, UnsupportedExpressionError

MAX_TOKENS = 400
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<command>\\[A-Za-z]+)|(?P<word>[A-Za-z]+)|(?P<symbol>[-+*/^!(){}\[\]|_°]))"
)
_WORDS = FUNCTION_NAMES | {"sqrt", "pi"}


def tokenize(text: str) -> list[str]:
    """Split an expression into tokens; a token `" "` stands between two numbers with a space between them.

    Raises:
        UnsupportedExpressionError: A character or a word is outside the grammar, or there are too many tokens.
    """
    tokens: list[str] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or len(tokens) > MAX_TOKENS:
            raise UnsupportedExpressionError(f"not a scalar expression at character {place}")
        if match["word"]:
            tokens.extend(_split_word(match["word"]))
        else:
            after_number = tokens and tokens[-1][-1].isdigit() and tokens[-2:-1] != ["_"]
            if match["number"] and after_number and match.start("number") > place:
                tokens.append(" ")  # `1 1/2`: only a mixed number may have a space between two numbers
            tokens.append(match.group().strip())
        place = match.end()
    return tokens


def _split_word(word: str) -> list[str]:
    """A known name, or a product of a few one-letter variables: a longer run of letters is a word."""
    if word in _WORDS:
        return ["\\" + word]
    for name in sorted(_WORDS, key=len, reverse=True):
        if word.startswith(name) and len(word) <= len(name) + 2:
            return ["\\" + name, *word[len(name) :]]
        if word.endswith(name) and len(word) <= len(name) + 2:
            return [*word[: -len(name)], "\\" + name]
    if len(word) > 4 or (len(word) > 2 and word.lower() in ("and", "the", "not", "all", "odd", "even", "one", "none")):
        raise UnsupportedExpressionError(f"{word!r} is a word")
    return list(word)
