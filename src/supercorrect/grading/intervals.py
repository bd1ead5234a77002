"""Inequalities as intervals: `x > 3`, `0 < x \\leq 5`, `x \\in [1, 2]` and the interval itself meet in one form."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.grading.expressions import names_in
from supercorrect.grading.shapes import Infinity, Relation, Scalar, Sequence, Shape, Union, read_shape


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of what `name` stands for; `name` is empty where they were written without one."""

    name: str
    parts: tuple[Shape, ...]


_FLIPPED = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq"}


def as_intervals(shape: Shape) -> Intervals | None:
    """Read an inequality, a membership or an interval; None where it is none of them."""
    if isinstance(shape, Union):
        return Intervals("", shape.parts)
    if isinstance(shape, Sequence) and shape.opening in ("(", "[") and len(shape.items) == 2:
        return Intervals("", (shape,))
    if isinstance(shape, Sequence) and not shape.opening:
        return _joined(shape)
    if not isinstance(shape, Relation):
        return None
    if shape.operators == ("\\in",):
        inner = as_intervals(read_shape(shape.sides[1]))
        return Intervals(shape.sides[0], inner.parts) if inner is not None else None
    return _from_chain(shape)


def _joined(shape: Sequence) -> Intervals | None:
    """`x < 1 or x > 3`."""
    parts = [as_intervals(item) if isinstance(item, Relation) else None for item in shape.items]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or len({part.name for part in known}) > 1:
        return None
    return Intervals(known[0].name, tuple(interval for part in known for interval in part.parts))


def _from_chain(shape: Relation) -> Intervals | None:
    """`a < x`, `x < b` or `a < x < b`, in either direction."""
    if any(operator not in _FLIPPED for operator in shape.operators):
        return None
    sides, operators = list(shape.sides), list(shape.operators)
    if operators[0] in (">", "\\geq"):
        sides, operators = sides[::-1], [_FLIPPED[operator] for operator in operators[::-1]]
    if any(operator not in ("<", "\\leq") for operator in operators):
        return None
    ends = [read_shape(side) for side in sides]
    constant = [_is_constant(end) for end in ends]
    if constant == [True, False, True]:
        return Intervals(sides[1], (_interval(ends[0], operators[0], operators[1], ends[2]),))
    if constant == [True, False]:
        return Intervals(sides[1], (_interval(ends[0], operators[0], "<", Infinity(1)),))
    if constant == [False, True]:
        return Intervals(sides[0], (_interval(Infinity(-1), "<", operators[0], ends[1]),))
    return None


def _is_constant(shape: Shape) -> bool:
    return isinstance(shape, Infinity) or (isinstance(shape, Scalar) and not names_in(shape.node))


def _interval(start: Shape, start_operator: str, end_operator: str, end: Shape) -> Sequence:
    return Sequence("(" if start_operator == "<" else "[", ")" if end_operator == "<" else "]", (start, end))
