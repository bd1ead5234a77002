"""Thoughts without tags: nothing is lost but the tags, and the grader finds the answer."""

from __future__ import annotations

import pytest

from supercorrect.formats import parse_thought, render_styled
from supercorrect.grading import Grader
from supercorrect.records import ThoughtStyle

THOUGHT = parse_thought(
    "<Step1> 3 + 4 = 7 </Step1><Step2> Double it: <Key> 7 + 7 </Key> = 14 </Step2>"
    "<Generalized> add, then double </Generalized><Answer> 14 </Answer>"
).record
EXPECTED: dict[ThoughtStyle, str] = {
    "hierarchy_without_generalized": "3 + 4 = 7\nDouble it: (7 + 7) = 14\nThe answer is 14.",
    "hierarchy": "3 + 4 = 7\nDouble it: (7 + 7) = 14\nIn general: add, then double\nThe answer is 14.",
    "headings": "Step 1: 3 + 4 = 7\nStep 2: Double it: \nKey: 7 + 7\n = 14\nGeneralized: add, then double\nAnswer: 14",
}


@pytest.mark.parametrize("style", EXPECTED)
def test_each_style_is_written_as_it_says(style: ThoughtStyle) -> None:
    assert THOUGHT is not None
    assert render_styled(THOUGHT, style) == EXPECTED[style]


@pytest.mark.parametrize("style", EXPECTED)
def test_the_grader_finds_the_answer_in_every_style(style: ThoughtStyle) -> None:
    with Grader() as grader:
        assert grader.grade(EXPECTED[style], "14").status == "correct"
        assert grader.grade(EXPECTED[style], "13").status == "incorrect"
