"""The layouts of the known problem sets: which column holds what, as they stand on the hub and in the wild."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import InputError

Columns = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Layout:
    """What the columns of a set mean.

    Attributes:
        columns: Names in the wild by our field; the first of them that a row fills counts.
        signature: The layout is told by these: of each group, one column stands in the set.
        calculator_notes: Whether its solutions hold GSM8K's `<<48/2=24>>`.
    """

    columns: Columns
    signature: tuple[tuple[str, ...], ...]
    calculator_notes: bool = False


LAYOUTS: dict[str, Layout] = {
    "own": Layout(
        {name: (name,) for name in ("problem", "reference_solution", "reference_answer", "topic", "level", "source")},
        (("problem",), ("reference_answer", "reference_solution")),
    ),
    "meta_math": Layout(
        {"problem": ("query",), "reference_solution": ("response",), "topic": ("type",)},
        (("query",), ("response",)),
    ),
    "math": Layout(
        {
            "problem": ("problem",),
            "reference_solution": ("solution",),
            "reference_answer": ("answer",),
            "topic": ("type", "subject"),
            "level": ("level",),
        },
        (("problem",), ("solution",), ("level",)),
    ),
    "numina_math": Layout(
        {
            "problem": ("problem",),
            "reference_solution": ("solution",),
            "reference_answer": ("answer",),
            "topic": ("problem_type", "source"),
            "source": ("source",),
        },
        (("problem",), ("solution",), ("source", "messages", "problem_type")),
    ),
    "gsm8k": Layout(
        {"problem": ("question",), "reference_solution": ("answer",)},
        (("question",), ("answer",)),
        calculator_notes=True,
    ),
    "gaokao": Layout(
        {
            "problem": ("question", "problem"),
            "reference_solution": ("analysis", "solution", "response"),
            "reference_answer": ("answer", "label", "extract_answer"),
            "topic": ("category", "question_type"),
            "options": ("options",),
        },
        (("question",), ("analysis", "label", "extract_answer")),
    ),
    "aime": Layout(
        {
            "problem": ("problem", "Problem", "question", "Question"),
            "reference_solution": ("solution", "Solution"),
            "reference_answer": ("answer", "Answer"),
        },
        (("problem", "Problem", "Question"), ("answer", "Answer")),
    ),
}


@dataclass(frozen=True)
class ResolvedLayout:
    """The layout of one set: the columns that it really has, by our field; without those that it lacks."""

    name: str
    columns: Columns
    calculator_notes: bool


def resolve_layout(config: ProblemSetConfig, row: Mapping[str, Any], name: str) -> ResolvedLayout:
    """Find out which columns of a set hold what.

    Args:
        config: A named layout and the user's own map of columns, either of which may be absent.
        row: The first row.
        name: The set's name, for messages.

    Raises:
        InputError: No layout fits, or a column is not there; says which columns were found and which expected.
    """
    mapped = config.columns.model_dump(exclude_none=True) if config.columns else {}
    missing = sorted(column for column in mapped.values() if column not in row)
    if missing:
        raise InputError(f"{name}: expected the mapped columns {', '.join(missing)}; found: {_found(row)}")
    layout_name = config.layout or ("columns" if mapped else _detect(row, name))
    layout = LAYOUTS.get(layout_name, Layout({}, ()))
    columns = {field: tuple(c for c in known if c in row) for field, known in layout.columns.items()}
    columns |= {field: (column,) for field, column in mapped.items()}
    if not columns.get("problem"):
        raise InputError(
            f"{name}: layout {layout_name} expects the problem in column {' or '.join(layout.columns['problem'])}; "
            f"found: {_found(row)}; name another `layout`, or map `columns`"
        )
    filled = {field: names for field, names in columns.items() if names}
    return ResolvedLayout(layout_name, filled, layout.calculator_notes)


def _detect(row: Mapping[str, Any], name: str) -> str:
    for layout_name, layout in LAYOUTS.items():
        if not all(any(column in row for column in group) for group in layout.signature):
            continue
        if layout_name == "gsm8k" and "####" not in str(row["answer"]):
            continue
        return layout_name
    known = "; ".join(
        f"{layout_name}: {', '.join(' or '.join(group) for group in layout.signature)}"
        for layout_name, layout in LAYOUTS.items()
    )
    raise InputError(
        f"{name}: layout not told by the columns; found: {_found(row)}; expected those of one of [{known}]; "
        "name the `layout`, or map your own `columns`"
    )


def _found(row: Mapping[str, Any]) -> str:
    return ", ".join(map(str, row)) or "none"
