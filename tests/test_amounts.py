"""How amounts read."""

from __future__ import annotations

from supercorrect.amounts import dollars, duration


def test_amounts_read_as_people_write_them() -> None:
    assert [dollars(value) for value in (None, 0.0, 0.00123, 12.345, 4321.0)] == [
        "unknown",
        "$0.00",
        "$0.0012",
        "$12.35",
        "$4,321.00",
    ]
    assert [duration(value) for value in (0.25, 61, 3599.6, 7260)] == ["0.2 s", "1 min 1 s", "1 h 0 min", "2 h 1 min"]
