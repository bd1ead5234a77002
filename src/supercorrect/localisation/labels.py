"""Labels as publishers write them, turned into ours: `first_error_step`, 1-based, None where no step is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

NO_ERROR = frozenset({"", "n/a", "na", "none", "null", "nan"})
_HEADING = re.compile(r"\W*Step\s+(\d+)(?!\.?\d)")
_OUTCOME = re.compile(r"\W*(?:Solution|Answer)\b")


class LabelError(ValueError):
    """Raised when a label cannot be that of its steps. The message is the reason that is counted."""


def from_zero_based(label: object, steps: Sequence[str]) -> int | None:
    """A label that counts from 0; null and −1 say that no step is wrong.

    Raises:
        LabelError: It is no such number, or names no step.
    """
    number = _read_number(label)
    return None if number is None or number == -1 else _within(number + 1, steps)


def from_one_based(label: object, steps: Sequence[str]) -> int | None:
    """A label that counts from 1; null, `N/A` and −1 say that no step is wrong.

    Raises:
        LabelError: It is no such number, or names no step.
    """
    number = _read_number(label)
    return None if number is None or number == -1 else _within(number, steps)


def join_by_headings(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines joined to the steps that they name: `Step 2: …` and what follows it, up to `Step 3: …`, are one step.

    Mr-Ben gives lines, while its labels are the numbers in these headings. Where each heading stands at its own
    number, or the headings do not count 1, 2, 3 …, the lines are the steps already. What states the solution behind
    the last step stays a step of its own.
    """
    numbers = [int(found[1]) if (found := _HEADING.match(line)) else None for line in lines]
    headed = [(number, place) for place, number in enumerate(numbers, 1) if number is not None]
    counted = [number for number, _ in headed] == list(range(1, len(headed) + 1))
    if not counted or all(number == place for number, place in headed):
        return tuple(lines)
    steps: list[str] = []
    seen = 0
    for line, number in zip(lines, numbers, strict=True):
        seen += number is not None
        states_solution = number is None and seen == len(headed) and _OUTCOME.match(line)
        if not steps or (number is not None and seen > 1) or states_solution:
            steps.append(line)
        else:
            steps[-1] = f"{steps[-1]}\n{line}"
    return tuple(steps)


def _read_number(label: object) -> int | None:
    if label is None or (isinstance(label, str) and label.strip().casefold() in NO_ERROR):
        return None
    try:
        if isinstance(label, bool) or not isinstance(label, int | float | str) or int(label) != float(label):
            raise ValueError(label)
    except (ValueError, OverflowError):
        raise LabelError("label_unreadable") from None
    return int(label)


def _within(step: int, steps: Sequence[str]) -> int:
    if not 1 <= step <= len(steps):
        raise LabelError("label_names_no_step")
    return step
