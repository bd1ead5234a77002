"""Scalar expressions of model text, read by hand and evaluated within bounds. Nothing is ever executed.

An expression becomes a tree of `Node`s, and a tree is compared by its value: exactly (`Fraction`) where it is rational,
as a complex double otherwise, and at several points where it has variables.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Value = Fraction | complex

MAX_BITS = 16_384  # of an exact integer: 2^{4950} is an answer in MATH, 9^{9^9} is not evaluated
MAX_FACTORIAL = 1000


class UnsupportedExpressionError(ValueError):
    """Raised when text is outside this small grammar, or a value out of bounds: nothing is known then."""


@dataclass(frozen=True, slots=True)
class Node:
    """A number (`op` "number"), a variable ("name") or an operation on `args`."""

    op: str
    args: tuple[Node, ...] = ()
    number: Fraction = Fraction(0)
    name: str = ""


def number_node(value: Fraction | int) -> Node:
    """A constant as a node."""
    return Node("number", number=Fraction(value))


def names_in(node: Node) -> frozenset[str]:
    """The variables of an expression."""
    if node.op == "name":
        return frozenset((node.name,))
    return frozenset().union(*(names_in(arg) for arg in node.args))


def evaluate(node: Node, point: Mapping[str, Fraction] | None = None) -> Value:
    """The value of an expression where each variable has the value that `point` gives it (None: no variables).

    Raises:
        UnsupportedExpressionError: The value is too large, infinite or undefined there.
    """
    try:
        value = _evaluate(node, point or {})
    except (ArithmeticError, ValueError, KeyError) as error:
        raise UnsupportedExpressionError(str(error)) from error
    if isinstance(value, complex) and not cmath.isfinite(value):
        raise UnsupportedExpressionError("not a finite value")
    return value


def _evaluate(node: Node, point: Mapping[str, Fraction]) -> Value:
    if node.op == "number":
        return node.number
    if node.op == "name":
        return point[node.name]
    values = tuple(_evaluate(arg, point) for arg in node.args)
    if node.op in _EXACT:
        return _bounded(_EXACT[node.op](*values))
    return _FUNCTIONS[node.op](*(complex(value) for value in values))


def _bounded(value: Value) -> Value:
    if isinstance(value, Fraction) and value.numerator.bit_length() + value.denominator.bit_length() > 2 * MAX_BITS:
        raise UnsupportedExpressionError("too large a number")
    return value


def _both(operation: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    """Exact on two fractions, in complex doubles otherwise."""

    def apply(left: Value, right: Value) -> Value:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return operation(left, right)
        return operation(complex(left), complex(right))

    return apply


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Fraction) and exponent.denominator == 1 and isinstance(base, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(exponent.numerator) > MAX_BITS and abs(base) not in (0, 1):
            raise UnsupportedExpressionError("too large a power")
        return base**exponent.numerator
    if isinstance(exponent, Fraction) and isinstance(base, Fraction) and base > 0:
        root = _exact_root(base, exponent.denominator)
        if root is not None:
            return _power(root, Fraction(exponent.numerator))
    return complex(base) ** complex(exponent)


def _exact_root(value: Fraction, degree: int) -> Fraction | None:
    """The rational root of a positive fraction; None where it is not rational (or too large to tell)."""
    parts = []
    for part in (value.numerator, value.denominator):
        if part.bit_length() > 1000 or degree > 64:
            return None
        root = math.isqrt(part) if degree == 2 else round(part ** (1 / degree))
        if root**degree != part:
            return None
        parts.append(root)
    return Fraction(parts[0], parts[1])


def _root(value: Value, degree: Value) -> Value:
    """`\\sqrt[degree]{value}`: the real root of a negative number where the degree is odd."""
    if not isinstance(degree, Fraction) or degree.denominator != 1 or degree < 1:
        raise UnsupportedExpressionError("a root of a degree that is no positive integer")
    if isinstance(value, Fraction) and value < 0 and degree % 2 == 1:
        return _negate(_power(-value, 1 / degree))
    return _power(value, 1 / degree)


def _negate(value: Value) -> Value:
    return -value


def _factorial(value: Value) -> Value:
    if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= MAX_FACTORIAL:
        raise UnsupportedExpressionError("a factorial of this is not taken")
    return Fraction(math.factorial(value.numerator))


def _binomial(upper: Value, lower: Value) -> Value:
    for value in (upper, lower):
        if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= MAX_FACTORIAL:
            raise UnsupportedExpressionError("a binomial of this is not taken")
    assert isinstance(upper, Fraction)
    assert isinstance(lower, Fraction)
    return Fraction(math.comb(upper.numerator, lower.numerator))


def _absolute(value: Value) -> Value:
    return abs(value) if isinstance(value, Fraction) else complex(abs(value))


_EXACT: dict[str, Callable[..., Value]] = {
    "+": _both(lambda left, right: left + right),
    "-": _both(lambda left, right: left - right),
    "*": _both(lambda left, right: left * right),
    "/": _both(lambda left, right: left / right),
    "^": _power,
    "root": _root,
    "negate": _negate,
    "factorial": _factorial,
    "binom": _binomial,
    "abs": _absolute,
}
_FUNCTIONS: dict[str, Callable[..., complex]] = {
    "pi": lambda: complex(math.pi),
    "e": lambda: complex(math.e),
    "i": lambda: 1j,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "sec": lambda x: 1 / cmath.cos(x),
    "csc": lambda x: 1 / cmath.sin(x),
    "cot": lambda x: 1 / cmath.tan(x),
    "arcsin": cmath.asin,
    "arccos": cmath.acos,
    "arctan": cmath.atan,
    "exp": cmath.exp,
    "ln": cmath.log,
    "log": cmath.log10,
    "logbase": lambda base, x: cmath.log(x) / cmath.log(base),
    "degrees": lambda x: x * math.pi / 180,
}
FUNCTION_NAMES = frozenset(("sin", "cos", "tan", "sec", "csc", "cot", "arcsin", "arccos", "arctan", "exp", "ln", "log"))


_RATIONAL = frozenset(("number", "name", "+", "-", "*", "/", "negate"))


def is_rational(node: Node) -> bool:
    """Whether a formula is a quotient of polynomials: two of them that differ at one point are not the same."""
    if not names_in(node):
        return True
    if node.op == "^":
        exponent = node.args[1]
        exponent = exponent.args[0] if exponent.op == "negate" else exponent
        return exponent.op == "number" and exponent.number.denominator == 1 and is_rational(node.args[0])
    return node.op in _RATIONAL and all(is_rational(arg) for arg in node.args)


def values_equal(left: Value, right: Value, tolerance: float = 0.0) -> bool:
    """Whether two values are the same number.

    Args:
        tolerance: Absolute difference allowed where a side was written as a decimal; four times as much relative
            difference. 0: only what double precision cannot tell apart.
    """
    if isinstance(left, Fraction) and isinstance(right, Fraction) and (left == right or tolerance == 0):
        return left == right
    try:
        difference, scale = abs(complex(left) - complex(right)), max(abs(complex(left)), abs(complex(right)))
    except OverflowError:
        return False
    if difference <= 1e-11 * scale or scale < 1e-14:
        return True
    return difference <= tolerance and difference <= 4 * tolerance * scale


_POINTS = tuple(Fraction(*pair) for pair in ((13, 7), (-17, 11), (5, 19), (-3, 23), (29, 3), (31, 37), (-41, 13)))


def identical(left: Node, right: Node, tolerance: float = 0.0) -> bool:
    """Whether two expressions agree: in value, or at five points where they have variables.

    Raises:
        UnsupportedExpressionError: A value is outside the bounds, at a point or for good.
    """
    names = sorted(names_in(left) | names_in(right))
    if not names:
        return values_equal(evaluate(left), evaluate(right), tolerance)
    for shift in range(5):
        point = {name: _POINTS[(place + shift) % 7] + place // 7 for place, name in enumerate(names)}
        if not values_equal(evaluate(left, point), evaluate(right, point), tolerance):
            return False
    return True
