"""docs/formats.md says what the code does: its codes, its examples, its session."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from supercorrect.formats import (
    FAILURES,
    REPAIRS,
    parse_correction,
    parse_thought,
    render_correction,
    render_thought,
)

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", TEXT, re.MULTILINE)


def example_text(cell: str) -> str:
    """The text that a cell of the tables stands for."""
    quoted = re.search(r"` (.*) `|`(.*)`", cell)
    assert quoted is not None
    text = (quoted[1] or quoted[2] or "").replace("⏎", "\n").replace("\\ud83d", "\ud83d")
    text = re.sub(r"\bA\b", "<Answer> 7 </Answer>", text)
    return text * 10_001 if cell.startswith("10,001 times") else text


def test_every_code_is_documented_in_the_same_words_and_order() -> None:
    assert [(code, says) for code, says, _ in ROWS] == [*REPAIRS.items(), *FAILURES.items()]


@pytest.mark.parametrize(("code", "cell"), [(code, cell) for code, _, cell in ROWS], ids=[row[0] for row in ROWS])
def test_every_example_gives_its_code_and_no_other(code: str, cell: str) -> None:
    text = example_text(cell)
    parse = parse_correction if code in ("extra_part", "generalized_dropped") else parse_thought
    result = parse(text)
    if code in FAILURES:
        assert result.failure == code
    else:
        assert result.ok and result.repairs == (code,)


def test_the_two_layouts_are_canonical() -> None:
    thought, trace = (re.findall(rf"```{kind}\n(.*?)\n```", TEXT, re.DOTALL)[0] for kind in ("thought", "correction"))
    parsed, corrected = parse_thought(thought), parse_correction(trace)
    assert parsed.record is not None and corrected.record is not None
    assert (render_thought(parsed.record), parsed.repairs) == (thought, ())
    assert (render_correction(corrected.record), corrected.repairs) == (trace, ())
    assert corrected.record.first_error_step == 2


def test_the_session_runs() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted >= 8 and result.failed == 0
