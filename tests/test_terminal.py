"""What the command line prints of names that come from files."""

from __future__ import annotations

import pytest

from supercorrect.localisation.judged import JudgedReview
from supercorrect.localisation.measures import compute_localisation_figures
from supercorrect.localisation.teacher_figures import compute_condition
from supercorrect.terminal import print_localisation, print_teacher_quality

HOSTILE = "[/x] \x1b[31m \u202e"
ROW = JudgedReview(item_id="1", set_name="s", first_error_step=1, answer_correct=False, named_step=1)


def test_the_name_of_a_set_is_shown_and_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    figures = compute_localisation_figures([ROW])
    print_localisation({"sets": {HOSTILE: {"figures": figures}}, "all": figures})
    printed = capsys.readouterr().out
    assert "[/x] \\x1b[31m" in printed and "\x1b" not in printed and "\u202e" not in printed


def test_the_conditions_and_reasons_of_teachers_are_shown_and_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    print_teacher_quality(
        {"conditions": {HOSTILE: compute_condition([ROW])}, "n": 1, "inspector": None, "left_out": {HOSTILE: 1}}
    )
    printed = capsys.readouterr().out
    assert "left out: 1 [/x] \\x1b[31m" in printed and "\x1b" not in printed and "\u202e" not in printed
