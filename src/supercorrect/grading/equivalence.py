"""Whether an answer is the reference answer, in steps: the same text, then safe arithmetic, then (elsewhere) a worker.

Everything here is pure Python, bounded and in microseconds; `None` says that only computer algebra could tell.
"""

from __future__ import annotations

import re
from functools import lru_cache

from supercorrect.config import GradingPolicy
from supercorrect.grading.brackets import split_top
from supercorrect.grading.comparison import compare
from supercorrect.grading.normalisation import compact, normalise, plain_words
from supercorrect.grading.shapes import Relation, Scalar, Sequence, Shape, Words, read_shape

_INTEGER = re.compile(r"-?\d{1,300}")
_CHOICE = re.compile(r"[(\[{]?\s*(?P<letter>[A-Z])\s*(?:[)\]}]|[.:)])?")
_LABELLED = re.compile(
    r"(?:[(\[]\s*(?P<bracketed>[A-Za-z])\s*[)\]]|(?P<letter>[A-Z])\s*[.:)])\s*(?P<text>\S.*)", re.DOTALL
)
_TEXT_MARK = re.compile("[\ue000\ue001]")


@lru_cache(maxsize=4096)
def normalise_once(text: str) -> str:
    """`normalise`, remembered: a reference answer is compared with many completions."""
    return normalise(text)


def decide(reference_answer: str, answer: str, policy: GradingPolicy) -> bool | None:
    """Compare an answer with the reference answer without computer algebra.

    Returns:
        True or False where that is certain, None where it is not.
    """
    if _INTEGER.fullmatch(reference_answer) and _INTEGER.fullmatch(answer):
        return int(reference_answer) == int(answer)
    reference, given = normalise_once(reference_answer), normalise(answer)
    if compact(reference) == compact(given):
        return True
    choice = _decide_choice(reference, given)
    if choice is not None:
        return choice
    results = [compare(left, right, policy) for left, right in _readings(reference, given)]
    if True in results:
        return True
    return False if results[0] is False else None


def _decide_choice(reference: str, given: str) -> bool | None:
    """A letter against a letter with its text: `C`, `(C)`, `(C) 12`. None where no choice is meant."""
    reference, given = _TEXT_MARK.sub("", reference).strip(), _TEXT_MARK.sub("", given).strip()
    expected = _CHOICE.fullmatch(reference)
    if expected is None:
        labelled = _LABELLED.fullmatch(given)
        if labelled and compact(reference) == compact(labelled["text"].strip()):
            return True
        return None
    found = _CHOICE.fullmatch(given) or _LABELLED.fullmatch(given)
    if found is None:
        return None
    letter = found.groupdict().get("letter") or found.groupdict().get("bracketed") or ""
    return letter.upper() == expected["letter"].upper()


def _readings(reference: str, given: str) -> list[tuple[Shape, Shape]]:
    """The ways to read two texts, the usual first. `1,22` is a list, unless the other side is `1.22`."""
    left, right = read_shape(reference), read_shape(given)
    pairs = [(left, right)]
    if isinstance(left, Scalar) != isinstance(right, Scalar):
        pairs += [(_other_reading(reference, left, right), right), (left, _other_reading(given, right, left))]
    return pairs


_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|\.\d+")
_DECIMAL_COMMA = re.compile(r"-?\d+,(?:\d{2}|\d{4,})")


def _other_reading(text: str, shape: Shape, other: Shape) -> Shape:
    """`text` with a decimal comma, or with thousands that were a list, or the ratio `3:4` as a quotient."""
    if isinstance(other, Scalar) and other.decimal and _DECIMAL_COMMA.fullmatch(text):
        return read_shape(text.replace(",", "."))
    if isinstance(other, Sequence) and not other.opening and re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        return Sequence("", "", tuple(read_shape(part) for part in text.split(",")))
    if isinstance(shape, Words) and isinstance(other, Scalar) and not re.search(r"[+*/=^]", text):
        numbers = _NUMBER.findall(text)
        return read_shape(numbers[0]) if len(numbers) == 1 else shape
    sides = split_top(text, (":",))
    if len(sides) == 2 and all(sides) and isinstance(other, Scalar):
        return read_shape(f"\\frac{{{sides[0]}}}{{{sides[1]}}}")
    return shape


def is_formula(text: str) -> bool:
    """Whether an answer is something that computer algebra could read, not words."""
    shape = read_shape(normalise(text))
    return not isinstance(shape, Words) and bool(plain_words(text) or isinstance(shape, Relation))
