"""Whether two numbers or formulas are the same, with their units, percent signs, degrees and bases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from supercorrect.config import GradingPolicy
from supercorrect.grading.expressions import (
    Node,
    UnsupportedExpressionError,
    identical,
    is_rational,
    names_in,
    number_node,
)
from supercorrect.grading.shapes import Scalar
from supercorrect.grading.units import unit_ratio

_TRIGONOMETRIC = frozenset(("sin", "cos", "tan", "sec", "csc", "cot"))


def compare_scalars(reference: Scalar, answer: Scalar, policy: GradingPolicy) -> bool | None:
    """Compare two numbers or formulas with their bases, degrees, units and percent signs."""
    if reference.base or answer.base:
        if reference.base != answer.base and not (policy.base_optional and not (reference.base and answer.base)):
            return False
        return nodes_equal(reference.node, answer.node, 0.0)
    tolerance = policy.decimal_tolerance if reference.decimal or answer.decimal else 0.0
    if not policy.degrees_optional and reference.degrees != answer.degrees:
        return False
    ratio = _unit_ratio(reference, answer, policy)
    if ratio == 0:
        return False
    scaled = answer.node if ratio is None or ratio == 1 else Node("*", (answer.node, number_node(ratio)))
    results = [nodes_equal(reference.node, candidate, tolerance)
               for candidate in _percent_readings(reference, answer, scaled, policy)]  # fmt: skip
    if True in results or (policy.degrees_optional and _same_but_for_degrees(reference.node, answer.node)):
        return True
    return None if None in results or not results else False


def _same_but_for_degrees(left: Node, right: Node) -> bool:
    """`\\cos 58` and `\\cos 58^\\circ`: the same function of the same number, where one side left the sign out."""
    operations = _operations(left), _operations(right)
    if ("degrees" in operations[0]) == ("degrees" in operations[1]) or not all(
        found & _TRIGONOMETRIC for found in operations
    ):
        return False
    return nodes_equal(_without_degrees(left), _without_degrees(right), 0.0) is True


def _operations(node: Node) -> frozenset[str]:
    return frozenset((node.op,)).union(*(_operations(arg) for arg in node.args))


def _without_degrees(node: Node) -> Node:
    if node.op == "degrees":
        return _without_degrees(node.args[0])
    return replace(node, args=tuple(_without_degrees(arg) for arg in node.args))


def _unit_ratio(reference: Scalar, answer: Scalar, policy: GradingPolicy) -> Fraction | None:
    """What the answer's number is multiplied with to be in the reference's unit; None: units play no part."""
    if not reference.unit and not answer.unit:
        return None
    if not (reference.unit and answer.unit):
        money = "dollar" in (reference.unit, answer.unit)
        return None if (policy.currency_optional if money else policy.units_optional) else Fraction(0)
    return unit_ratio(answer.unit, reference.unit)


def _percent_readings(reference: Scalar, answer: Scalar, node: Node, policy: GradingPolicy) -> Iterable[Node]:
    """The values that the answer may stand for, on the reference's side of the percent sign."""
    if reference.percent == answer.percent:
        yield node
        return
    if policy.percent_sign_optional:
        yield node
    if policy.percent_as_fraction:
        yield Node("*" if reference.percent else "/", (node, number_node(100)))
    if not policy.percent_sign_optional and not policy.percent_as_fraction:
        yield Node("+", (node, number_node(1)))  # never the same


def nodes_equal(left: Node, right: Node, tolerance: float) -> bool | None:
    """None where a value is out of bounds, or where two formulas with variables may still be the same."""
    try:
        same = identical(left, right, tolerance)
    except UnsupportedExpressionError:
        return None
    if same or not (names_in(left) | names_in(right)):
        return same
    both_open = names_in(left) and names_in(right) and not (is_rational(left) and is_rational(right))
    return None if both_open else False
