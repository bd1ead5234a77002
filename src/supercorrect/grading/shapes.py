"""What kind of thing an answer is: a number, a tuple or interval, a list, a set, a matrix, a relation, or words.

`read_shape` takes normalised text and decides nothing by guessing: what it cannot read is `Unread`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from supercorrect.grading.brackets import matching_end, split_top
from supercorrect.grading.expression_parser import parse_expression
from supercorrect.grading.expressions import Node, UnsupportedExpressionError
from supercorrect.grading.normalisation import DOLLAR, ROW_END, TEXT_CLOSE, TEXT_OPEN, plain_words
from supercorrect.grading.units import split_unit


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number or an algebraic expression, with what stood around it. `unit` is empty where there is none."""

    node: Node
    unit: str = ""
    percent: bool = False
    degrees: bool = False
    decimal: bool = False
    base: str = ""


@dataclass(frozen=True, slots=True)
class Infinity:
    """An end of an interval; `sign` is 1 or -1."""

    sign: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items between brackets.

    `opening` is `(` or `[` for tuples and intervals, `{` for sets, `:` for ratios and times, empty for bare lists.
    """

    opening: str
    closing: str
    items: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """Intervals or sets joined by `\\cup`."""

    parts: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain `left op middle op right`; `operators` has one entry less than `sides`."""

    sides: tuple[str, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of entries."""

    rows: tuple[tuple[Shape, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is no formula. `marked` where all of it stood in `\\text{…}`, or is several words."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """What this room cannot read by itself; the worker may."""

    text: str


Shape = Scalar | Infinity | Sequence | Union | Relation | Matrix | Words | Unread

_RELATIONS = ("\\leq", "\\geq", "\\neq", "\\in ", "\\approx", "<=", ">=", "!=", "=", "<", ">")
_OPERATORS = {"<=": "\\leq", ">=": "\\geq", "!=": "\\neq", "\\approx": "="}
_MATRIX = re.compile(
    r"\\begin\s*\{(?P<kind>[a-zA-Z]*matrix|array)\}(?:\s*\{[clr|\s]*\})?(?P<body>.*)\\end\s*\{(?P=kind)\}", re.DOTALL
)
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BASE = re.compile(r"(?P<numeral>-?[0-9A-Fa-f.]+)\s*_\s*(?:\{(?P<group>\w+)\}|(?P<one>\d+))")
_FUNCTION = re.compile(r"\\(?:arc)?(?:sin|cos|tan|sec|csc|cot)\b")
_PLAIN_WORD = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{4,}")
_LIST_WORD = re.compile(r"(?:,\s*)?\b(?:and|or)\b")
_GROUPED = re.compile(DOLLAR + r"?\s*-?\d{1,3}(?:(?:,\d{3})+|(?: \d{3})+)(?:\.\d+)?")


@lru_cache(maxsize=4096)
def read_shape(text: str) -> Shape:
    """The shape of normalised text."""
    text = _strip_group(text.strip())
    if not text:
        return Unread("")
    if "\\begin" in text:
        return _read_matrix(text)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "").replace(" ", "")
    word = _read_words(text)
    if word is not None:
        return word
    if "\\cup" in text and len(parts := split_top(text, ("\\cup",))) > 1:
        return Union(tuple(read_shape(part) for part in parts))
    return _read_list(text) or _read_relation(text) or _read_ratio(text) or _read_brackets(text) or read_scalar(text)


def _strip_group(text: str) -> str:
    """Without braces around the whole: `{7}` is a LaTeX group, not a set (a set is written `\\{…\\}`)."""
    while text.startswith("{") and matching_end(text, 0) == len(text) - 1:
        inner = text[1:-1].strip()
        text = inner
    return text


def _read_words(text: str) -> Words | Infinity | None:
    """Letters and spaces only; None where it may be algebra with operators or brackets."""
    text = text[1:-1].strip() if text[:1] == "(" and matching_end(text, 0) == len(text) - 1 else text
    if text.casefold().strip(TEXT_OPEN + TEXT_CLOSE) == "infinity":
        return Infinity(1)
    if text.startswith(TEXT_OPEN) and text.endswith(TEXT_CLOSE) and text.count(TEXT_OPEN) == 1:
        return Words(plain_words(text), True)
    if re.fullmatch(r"[^\W\d_]{2,}(?:[\s'-]+[^\W\d_]+)*", text) and not _LIST_WORD.search(text):
        return Words(plain_words(text), " " in text or len(text) > 4)
    return None


def _read_list(text: str) -> Sequence | None:
    """`1, 2` and `1 or 2` and `1 \\pm 2`; None where there is only one item."""
    separated = split_top(_LIST_WORD.sub(",", text), (";",))
    if len(separated) == 1:
        separated = split_top(separated[0], (",",))
    items = [item for item in separated if item]
    if len(items) > 1 and not (len(items) == 2 and TEXT_OPEN in items[1] and not any(map(str.isdigit, items[1]))):
        return Sequence("", "", tuple(read_shape(item) for item in items))
    if "\\pm" in text and not items[0].startswith("\\{"):
        plus = text.replace("\\pm", "+").replace("\\mp", "-")
        minus = text.replace("\\pm", "-").replace("\\mp", "+")
        return Sequence("", "", (read_shape(plus), read_shape(minus)))
    return None


def _read_relation(text: str) -> Relation | None:
    parts = split_top(text, _RELATIONS, keep=True)
    if len(parts) < 3:
        return None
    operators = tuple(_OPERATORS.get(operator.strip(), operator.strip()) for operator in parts[1::2])
    return Relation(tuple(parts[0::2]), operators)


def _read_ratio(text: str) -> Sequence | None:
    """`3:4`, or the time `8:34`; None where there is no colon."""
    parts = split_top(text, (":",))
    if len(parts) < 2 or not all(parts):
        return None
    return Sequence(":", ":", tuple(read_shape(part) for part in parts))


def _read_brackets(text: str) -> Shape | None:
    """A tuple, an interval or a set in brackets that span the whole text; None where they do not."""
    text = text.replace("\\{", "{").replace("\\}", "}") if text.startswith("\\{") else text
    if text[:1] not in _BRACKETS or matching_end(text, 0) != len(text) - 1:
        return None
    items = split_top(text[1:-1], (";",))
    items = split_top(text[1:-1], (",",)) if len(items) == 1 else items
    if text[0] == "{":
        return Sequence("{", "}", tuple(read_shape(item) for item in items if item))
    if len(items) < 2:
        return None if text[0] == "(" and text[-1] == ")" else Unread(text)
    return Sequence(text[0], text[-1], tuple(read_shape(item) for item in items))


def _read_matrix(text: str) -> Shape:
    text = text[1:-1].strip() if text[0] in "([" and matching_end(text, 0) == len(text) - 1 else text
    match = _MATRIX.fullmatch(text)
    if match is None or "\\begin" in match["body"] or match["kind"] == "vmatrix":
        return Unread(text)
    rows = [row.strip() for row in match["body"].replace("\\hline", "").split(ROW_END)]
    return Matrix(tuple(tuple(read_shape(cell) for cell in row.split("&")) for row in rows if row))


def read_scalar(text: str) -> Shape:
    """A number or expression with its unit, percent sign, degrees and base."""
    infinite = re.fullmatch(r"([+-]?)\s*\\infty", text)
    if infinite:
        return Infinity(-1 if infinite[1] == "-" else 1)
    body, unit = split_unit(text)
    percent, degrees = body.endswith("%"), body.endswith("°") and _FUNCTION.search(body) is None
    body = body.rstrip("%°").strip() if percent or degrees else body
    based = _BASE.fullmatch(body)
    base = ""
    if based:
        base, body = based["group"] or based["one"], based["numeral"]
        if not re.fullmatch(r"-?[\d.]+", body):
            return Unread(text)
    if _GROUPED.fullmatch(body):
        body = body.replace(",", "").replace(" ", "")
    try:
        node = parse_expression(body)
    except UnsupportedExpressionError:
        return Words(plain_words(text), True) if _is_prose(text) else Unread(text)
    decimal = re.search(r"\d\.\d|(?<!\d)\.\d", body) is not None
    return Scalar(node, unit, percent, degrees, decimal, base)


def _is_prose(text: str) -> bool:
    """Whether text has words of a language in it, outside commands: then it is no formula."""
    formula = any(char.isdigit() or char in "\\^_+=/*" for char in text)
    outside = re.sub(f"{TEXT_OPEN}[^{TEXT_CLOSE}]*{TEXT_CLOSE}", " ", text) if any(map(str.isdigit, text)) else text
    return _PLAIN_WORD.search(outside) is not None or (not formula and len(plain_words(text)) > 2)
