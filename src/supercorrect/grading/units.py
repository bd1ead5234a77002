"""Units behind a number: which words are units, and which two units differ."""

from __future__ import annotations

import re
from fractions import Fraction

from supercorrect.grading.normalisation import DOLLAR, TEXT_CLOSE, TEXT_OPEN

_KINDS: dict[str, dict[str, Fraction]] = {
    "length": {"mm": Fraction(1, 1000), "cm": Fraction(1, 100), "m": Fraction(1), "km": Fraction(1000),
               "in": Fraction(254, 10000), "ft": Fraction(3048, 10000), "yd": Fraction(9144, 10000),
               "mi": Fraction(1609344, 1000)},
    "mass": {"mg": Fraction(1, 1000), "g": Fraction(1), "kg": Fraction(1000), "lb": Fraction(45359237, 100000),
             "oz": Fraction(45359237, 1600000)},
    "time": {"ms": Fraction(1, 1000), "s": Fraction(1), "min": Fraction(60), "h": Fraction(3600),
             "day": Fraction(86400), "week": Fraction(604800), "month": Fraction(0), "year": Fraction(0)},
    "volume": {"ml": Fraction(1, 1000), "l": Fraction(1), "gal": Fraction(0)},
    "clock": {"am": Fraction(0), "pm": Fraction(0)},
    "money": {"cent": Fraction(1, 100), "dollar": Fraction(1)},
}  # fmt: skip
_NAMES = {
    "mm": "millimeter millimetre", "cm": "centimeter centimetre cms", "m": "meter metre",
    "km": "kilometer kilometre kms", "in": "inch inches", "ft": "foot feet", "yd": "yard yds", "mi": "mile",
    "mg": "milligram", "g": "gram", "kg": "kilogram kgs", "lb": "pound lbs", "oz": "ounce ounces",
    "ms": "millisecond", "s": "second sec secs", "min": "minute mins", "h": "hour hr hrs", "day": "", "week": "",
    "month": "", "year": "yr yrs", "ml": "milliliter millilitre mL", "l": "liter litre", "gal": "gallon",
    "cent": "", "dollar": "buck", "am": "", "pm": "",
}  # fmt: skip
_UNIT = {word: unit for unit, names in _NAMES.items() for word in (unit, *names.split())}
_UNIT |= {word + "s": unit for word, unit in list(_UNIT.items()) if len(word) > 2}
_KIND = {unit: kind for kind, units in _KINDS.items() for unit in units}
_NEEDS_TEXT = frozenset(word for word in _UNIT if len(word) == 1) | {"in"}  # bare `5m` is five times m
_POWER = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
_MARKED_TAIL = re.compile(rf"\s*{TEXT_OPEN}(?P<words>[^{TEXT_CLOSE}]*){TEXT_CLOSE}\s*(?P<power>\^\s*\{{?[23]\}}?)?$")
_BARE_TAIL = re.compile(r"(?<=[\d\s}%)])(?P<words>[A-Za-z]{2,}(?:[\s/.-]+[A-Za-z]+)*)\s*(?P<power>\^\s*\{?[23]\}?)?$")
_LEADING = re.compile(rf"^\s*(?:{TEXT_OPEN}[^{TEXT_CLOSE}]*{TEXT_CLOSE}\s*)+(?=[-+\\\d(.])")


def split_unit(text: str) -> tuple[str, str]:
    """An expression and the unit behind it, as `cm^2` or as the words that were there; empty where there is none."""
    text = _LEADING.sub("", text)
    if DOLLAR in text:
        return text.replace(DOLLAR, " ").strip(), "dollar"
    match = _MARKED_TAIL.search(text)
    if match is None:
        match = _BARE_TAIL.search(text) if text[-1:].isalpha() or text[-1:] in "23}" else None
        if match is None or not _is_bare_unit(match["words"]):
            return text, ""
    body = text[: match.start()].strip()
    if not body or body[-1] in "+-*/=(^_":
        return text, ""
    return body, name_unit(match["words"], match["power"] or "")


def _is_bare_unit(words: str) -> bool:
    """Whether words outside `\\text{…}` are a unit, not a product of variables."""
    first = words.split()[0].lower()
    return (first in _UNIT and first not in _NEEDS_TEXT) or first in _POWER or len(words) > 4


def name_unit(words: str, power: str) -> str:
    """`square centimeters` → `cm^2`; words that are no unit of measure stay as they are, in lower case."""
    words = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", words, flags=re.IGNORECASE)
    exponent = int(re.sub(r"\D", "", power) or 1)
    known = []
    for word in re.findall(r"[A-Za-z]+", words):
        exponent = _POWER.get(word.lower(), exponent)
        if word.lower() in _UNIT:
            known.append(_UNIT[word.lower()])
    if len(known) == 1 and len(re.findall(r"[A-Za-z]+", words)) <= 2 and " per " not in words and "/" not in words:
        return known[0] if exponent == 1 else f"{known[0]}^{exponent}"
    return words.lower().strip()


def unit_ratio(left: str, right: str) -> Fraction | None:
    """How many `right` are in one `left`; None where one is no unit of measure, 0 where they cannot agree."""
    (left_name, _, left_power), (right_name, _, right_power) = left.partition("^"), right.partition("^")
    if left_name not in _KIND or right_name not in _KIND:
        return None
    if left == right:
        return Fraction(1)
    if left_power != right_power or _KIND[left_name] != _KIND[right_name]:
        return Fraction(0)
    scale = _KINDS[_KIND[left_name]]
    if not scale[left_name] or not scale[right_name]:
        return Fraction(0)
    ratio: Fraction = (scale[left_name] / scale[right_name]) ** int(left_power or 1)
    return ratio
