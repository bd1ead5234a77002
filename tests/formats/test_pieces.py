"""The pieces that stages put together and cut apart."""

from __future__ import annotations

import pytest

from supercorrect.formats import close_step, open_step, render_steps, split_steps


def test_layout_is_a_line_a_step() -> None:
    assert render_steps(["a", "b <Key> k </Key>"]) == "<Step1> a </Step1>\n<Step2> b <Key> k </Key> </Step2>"
    assert render_steps(["c"], start=3) == "<Step3> c </Step3>"
    assert render_steps([]) == ""


def test_opened_and_closed_step_is_the_canonical_one() -> None:
    assert open_step(2, "3 + 4 = 8") == "<Step2> 3 + 4 = 8"
    assert open_step(2, "3 + 4 = 8") + close_step(2) == render_steps(["3 + 4 = 8"], start=2)


def test_spans_cut_the_raw_text_at_step_boundaries() -> None:
    text = "Sure.\n<Step 1> a <key> k </key> </Step 1>\n<Step2> b </Step2>\n<Answer> 7 </Answer>"
    steps = split_steps(text)
    assert [text[start:end] for _, start, end in steps] == ["<Step 1> a <key> k </key> </Step 1>", "<Step2> b </Step2>"]
    assert [step for step, _, _ in steps] == ["a <Key> k </Key>", "b"]
    assert text[: steps[1].start] == "Sure.\n<Step 1> a <key> k </key> </Step 1>\n"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("<Step1> a <Step2> b </Step2>", ["<Step1> a ", "<Step2> b </Step2>"]),
        ("<Step1> a </Step1> <Step2> cut of", ["<Step1> a </Step1>"]),
        ("<Step1> a </Step1> <Step2> </Step2> <Step3> c </Step3>", ["<Step1> a </Step1>", "<Step3> c </Step3>"]),
        ("<Step1> a </Step1> <Key> k </Key> b", ["<Step1> a </Step1> <Key> k </Key>"]),
        ("<Step1> a </Step1> <Key> cut of", ["<Step1> a </Step1> <Key> cut of"]),
        ("&lt;Step1&gt; a &lt; b &lt;/Step1&gt;!", ["&lt;Step1&gt; a &lt; b &lt;/Step1&gt;"]),
        ("<think> <Step1> x </Step1> </think><Step1> a </Step1>", ["<Step1> a </Step1>"]),
        ("\ud83d\ud83d<Step1> \ud83d </Step1>", ["<Step1> \ud83d </Step1>"]),
        ("no steps", []),
        ("", []),
    ],
)
def test_spans_of_deviating_text(text: str, pieces: list[str]) -> None:
    assert [text[start:end] for _, start, end in split_steps(text)] == pieces
