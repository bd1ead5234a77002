"""Whether two shapes are the same answer: True, False, or None where only computer algebra could tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction

from supercorrect.config import GradingPolicy
from supercorrect.grading.expressions import (
    Node,
    UnsupportedExpressionError,
    evaluate,
    names_in,
    number_node,
    values_equal,
)
from supercorrect.grading.intervals import as_intervals
from supercorrect.grading.normalisation import compact
from supercorrect.grading.scalars import compare_scalars, nodes_equal
from supercorrect.grading.shapes import (
    Infinity,
    Matrix,
    Relation,
    Scalar,
    Sequence,
    Shape,
    Union,
    Unread,
    Words,
    read_shape,
)

_NUMBER_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_NUMBER_WORDS = {word: number for number, word in enumerate(_NUMBER_NAMES.split())}
_SIMPLE_NAME = re.compile(
    r"(?:[A-Za-z]|\\[a-z]+\b)(?:_\{?\w+\}?)?'?(?:\s*\([\w\s,+*^{}-]*\))?|[A-Z]{2,3}|\|?[A-Za-z]{1,3}\|?|"
    r"\\?\(?\s*[A-Za-z](?:_\w)?(?:\s*,\s*[A-Za-z](?:_\w)?)+\s*\)?|\\frac\s*\{[A-Z]{2}\}\s*\{[A-Z]{2}\}|"
    r"[A-Za-z](?:_\{?\d\}?)?\s*:\s*[A-Za-z](?:_\{?\d\}?)?"
)


def compare(reference: Shape, answer: Shape, policy: GradingPolicy) -> bool | None:
    """Compare two shapes. The order matters: the reference says what form is asked for."""
    if reference == answer and not isinstance(reference, Unread):
        return True
    if isinstance(reference, Relation) or isinstance(answer, Relation):
        return _compare_relations(reference, answer, policy)
    if _is_condition(reference) != _is_condition(answer) and _compare_intervals(reference, answer, policy):
        return True
    if isinstance(reference, Unread) or isinstance(answer, Unread):
        return _compare_text(reference, answer)
    if isinstance(reference, Union) != isinstance(answer, Union):
        return None if isinstance(reference, _SETS) and isinstance(answer, _SETS) else False
    if _is_singleton(reference) != _is_singleton(answer):
        return compare(_only_item(reference), _only_item(answer), policy)
    for kinds, comparison in _COMPARISONS:
        if isinstance(reference, kinds[0]) and isinstance(answer, kinds[1]):
            return comparison(reference, answer, policy)
    return False


def _is_condition(shape: Shape) -> bool:
    """Whether a list is of relations: `x < 1 or x > 3`."""
    return isinstance(shape, Sequence) and not shape.opening and all(isinstance(item, Relation) for item in shape.items)


def _is_singleton(shape: Shape) -> bool:
    return isinstance(shape, Sequence) and shape.opening == "{" and len(shape.items) == 1


def _only_item(shape: Shape) -> Shape:
    """The item of `{5}`, and any other shape as it is."""
    return shape.items[0] if isinstance(shape, Sequence) and _is_singleton(shape) else shape


_SETS = (Union, Sequence, Infinity)


def _compare_text(reference: Shape, answer: Shape) -> bool | None:
    if isinstance(reference, Unread) and isinstance(answer, Unread) and compact(reference.text) == compact(answer.text):
        return bool(reference.text) or None
    return None


def _compare_sequences(reference: Sequence, answer: Sequence, policy: GradingPolicy) -> bool | None:
    if len(reference.items) != len(answer.items):
        return False
    kinds = {reference.opening, answer.opening}
    if kinds <= {"", "{"}:
        return _same_items(reference.items, answer.items, policy)
    round_brackets = ")" in reference.closing + answer.closing and "[" not in kinds
    if len(kinds) == 2 and "(" in kinds and round_brackets and policy.bare_list_as_tuple:
        return _all(compare(*pair, policy) for pair in zip(reference.items, answer.items, strict=True))
    if "" in kinds or "{" in kinds or (reference.opening, reference.closing) != (answer.opening, answer.closing):
        return False
    return _all(compare(*pair, policy) for pair in zip(reference.items, answer.items, strict=True))


def _same_items(references: tuple[Shape, ...], answers: tuple[Shape, ...], policy: GradingPolicy) -> bool | None:
    """Whether the items pair up, in any order."""
    remaining, unsure = list(answers), False
    for reference in references:
        results = [compare(reference, answer, policy) for answer in remaining]
        if True in results:
            del remaining[results.index(True)]
        elif None in results:
            unsure = True
        else:
            return False
    return None if unsure else True


def _compare_unions(reference: Union, answer: Union, policy: GradingPolicy) -> bool | None:
    if len(reference.parts) != len(answer.parts):
        return None
    return True if _same_items(reference.parts, answer.parts, policy) else None


def _compare_matrices(reference: Matrix, answer: Matrix, policy: GradingPolicy) -> bool | None:
    if [len(row) for row in reference.rows] != [len(row) for row in answer.rows]:
        return False
    pairs = [pair for rows in zip(reference.rows, answer.rows, strict=True) for pair in zip(*rows, strict=True)]
    return _all(compare(*pair, policy) for pair in pairs)


def _compare_vector(reference: Shape, answer: Shape, policy: GradingPolicy) -> bool | None:
    """A matrix of one row or column against a tuple."""
    matrix, sequence = (reference, answer) if isinstance(reference, Matrix) else (answer, reference)
    assert isinstance(matrix, Matrix)
    assert isinstance(sequence, Sequence)
    entries = [cell for row in matrix.rows for cell in row]
    if not policy.vector_as_tuple or sequence.opening not in "([" or 1 not in (len(matrix.rows), len(matrix.rows[0])):
        return False
    if len(entries) != len(sequence.items):
        return False
    return _all(compare(*pair, policy) for pair in zip(entries, sequence.items, strict=True))


def _compare_words(reference: Words, answer: Words, policy: GradingPolicy) -> bool | None:
    if reference.text == answer.text or reference.text.replace(" ", "") == answer.text.replace(" ", ""):
        return True
    return False if reference.marked or answer.marked else None


def _compare_word_with_scalar(reference: Shape, answer: Shape, policy: GradingPolicy) -> bool | None:
    words, scalar = (reference, answer) if isinstance(reference, Words) else (answer, reference)
    assert isinstance(words, Words)
    assert isinstance(scalar, Scalar)
    if words.text in _NUMBER_WORDS:
        return nodes_equal(scalar.node, number_node(_NUMBER_WORDS[words.text]), 0.0)
    if scalar.node.op in ("name", "e", "i"):
        return words.text == (scalar.node.name.lower() or scalar.node.op)
    return False if words.marked or not names_in(scalar.node) else None


def _compare_infinities(reference: Infinity, answer: Infinity, policy: GradingPolicy) -> bool:
    return reference.sign == answer.sign


_COMPARISONS: tuple[tuple[tuple[type, type], Callable[..., bool | None]], ...] = (
    ((Scalar, Scalar), compare_scalars),
    ((Sequence, Sequence), _compare_sequences),
    ((Union, Union), _compare_unions),
    ((Matrix, Matrix), _compare_matrices),
    ((Matrix, Sequence), _compare_vector),
    ((Sequence, Matrix), _compare_vector),
    ((Words, Words), _compare_words),
    ((Words, Scalar), _compare_word_with_scalar),
    ((Scalar, Words), _compare_word_with_scalar),
    ((Infinity, Infinity), _compare_infinities),
)


def _all(results: Iterable[bool | None]) -> bool | None:
    """False where one is False, True where all are True, None where one is unsure."""
    unsure = False
    for result in results:
        if result is False:
            return False
        unsure = unsure or result is None
    return None if unsure else True


def _compare_relations(reference: Shape, answer: Shape, policy: GradingPolicy) -> bool | None:
    """Assignments (`x = 5`, `k = 2 + 3 = 5`), inequalities against intervals, and equations."""
    if as_intervals(reference) is not None and as_intervals(answer) is not None:
        return _compare_intervals(reference, answer, policy)
    left, right = _assignment(reference), _assignment(answer)
    if left is not None and right is not None:
        if compact(left[0]) != compact(right[0]):
            return None
        return compare(read_shape(left[1]), read_shape(right[1]), policy)
    if left is not None and not isinstance(answer, Relation):
        return compare(read_shape(left[1]), answer, policy)
    if right is not None and not isinstance(reference, Relation):
        return compare(reference, read_shape(right[1]), policy)
    if isinstance(answer, Relation) and not isinstance(reference, Relation) and answer.sides[-1] == "0":
        return False  # `2x - y = 0` is an equation, not the number 0
    return _compare_equations(reference, answer)


def _compare_intervals(reference: Shape, answer: Shape, policy: GradingPolicy) -> bool | None:
    """Inequalities and intervals in one form; None where one is neither, or where they are not plainly the same."""
    left, right = as_intervals(reference), as_intervals(answer)
    if left is None or right is None or (left.name and right.name and left.name != right.name):
        return None
    return True if _same_items(left.parts, right.parts, policy) else None


def _assignment(shape: Shape) -> tuple[str, str] | None:
    """What is named and its value, of `name = … = value` (or a chain of numbers); None for other relations."""
    if not isinstance(shape, Relation) or set(shape.operators) - {"=", "\\in", "\\equiv"}:
        return None
    if not shape.sides[-1]:
        return None
    first = shape.sides[0]
    if _SIMPLE_NAME.fullmatch(first) or not first:
        return first, shape.sides[-1]
    left = read_shape(first)
    return (first, shape.sides[-1]) if isinstance(left, Scalar) and not names_in(left.node) else None


def _compare_equations(reference: Shape, answer: Shape) -> bool | None:
    """Two equations are the same where their differences are a constant multiple of each other."""
    differences = [_difference(shape) for shape in (reference, answer)]
    if differences[0] is None or differences[1] is None:
        return None
    quotient = Node("/", (differences[0], differences[1]))
    names = sorted(names_in(quotient))
    if not names:
        return None
    try:
        values = [
            evaluate(quotient, {name: Fraction(7 * place + step, 3 + step) for place, name in enumerate(names)})
            for step in (1, 4, 6, 11)
        ]
    except UnsupportedExpressionError:
        return None
    return True if values[0] != 0 and all(values_equal(values[0], value) for value in values[1:]) else None


def _difference(shape: Shape) -> Node | None:
    """`left - right` of an equation of two expressions."""
    if not isinstance(shape, Relation) or shape.operators != ("=",):
        return None
    left, right = (read_shape(side) for side in shape.sides)
    if not (isinstance(left, Scalar) and isinstance(right, Scalar)):
        return None
    return Node("-", (left.node, right.node))
