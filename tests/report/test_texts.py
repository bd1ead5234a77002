"""How values read."""

from __future__ import annotations

from supercorrect.report.texts import LEFT_OUT, LONGEST_TEXT, TextBudget, clip, percent, short_name


def test_values_read_as_people_write_them() -> None:
    assert [percent(value) for value in (None, 0.0, 0.1234)] == ["–", "0.0", "12.3"]
    assert len(short_name("n" * 500)) == 60


def test_a_long_text_keeps_its_ends_and_says_what_is_left_out() -> None:
    text = "a" * 5000 + "z" * 5000
    clipped = clip(text)
    assert clipped.startswith("aaa")
    assert clipped.endswith("zzz")
    assert f"{10_000 - LONGEST_TEXT:,} characters left out" in clipped


def test_texts_keep_to_their_budget() -> None:
    budget = TextBudget(100)
    assert budget.text("x" * 60) == "x" * 60
    assert budget.text("y" * 60) == LEFT_OUT
    assert budget.text("z" * 30) == "z" * 30


def test_key_passages_of_a_step_are_marked() -> None:
    shown = TextBudget().step("2 + 2 <Key> because $2^2$ <b> </Key> = 4")
    assert shown.count('<span class="key">') == 1
    assert "<msup>" in shown
    assert "&lt;b&gt;" in shown
