"""LaTeX becomes MathML, and nothing that a text holds becomes anything else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from injections import INJECTIONS
from supercorrect.report.mathematics import _ATTRIBUTES, _ELEMENTS, render_latex, render_text


class Reader(HTMLParser):
    """The elements and attributes of a piece of HTML, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("half is $\\frac12$.", "<mfrac>"),
        ("\\(x^2\\)", "<msup>"),
        ("\\[ \\sqrt{2} \\]", 'display="block"'),
        ("$$ x $$", 'display="block"'),
        ("$\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}$", "<mtable>"),
    ],
)
def test_latex_becomes_mathml(text: str, expected: str) -> None:
    assert expected in render_text(text)


@pytest.mark.parametrize(
    "text", ["costs $5 and $10", "a \\$ b \\$", "$ x $", "no end $x", "\\(x", "3 < 4 & 5 > 2", "$\\unknowncommand{3}$"]
)
def test_other_text_is_shown_as_it_is_written(text: str) -> None:
    shown = Reader(render_text(text))
    assert "math" not in shown.elements
    assert shown.text == text


@pytest.mark.parametrize(
    "latex",
    [
        "{" * 500,
        "x^" * 250,
        "\\sqrt" * 100,
        "\\sqrt{" * 50 + "x" + "}" * 50,
        "x" * 601,
        "\\newcommand{\\a}{xx}" + "\\a" * 100,
        "\\def\\a{\\a\\a}\\a",
        "\\begin{matrix}" * 40,
        "\\left(" * 90,
    ],
)
def test_what_is_too_much_stays_as_it_is_written(latex: str) -> None:
    assert render_latex(latex) is None
    assert Reader(render_text(f"${latex}$")).text == f"${latex}$"


@pytest.mark.parametrize("wrapped", ["{}", "${}$", "$\\text{{{}}}$", "$\\href{{{}}}{{x}}$", "$\\style{{{}}}{{x}}$"])
def test_no_injection_becomes_markup(wrapped: str) -> None:
    for injection in INJECTIONS:
        shown = Reader(render_text(wrapped.format(injection)))
        assert shown.elements <= _ELEMENTS | {"code"}, injection
        assert shown.attributes <= _ATTRIBUTES, injection


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="$\\(){}[]^_ abx12<>&\"'%#~\u202e\x00frcqtsex", max_size=80))
def test_nothing_becomes_markup(text: str) -> None:
    shown = Reader(render_text(text))
    assert shown.elements <= _ELEMENTS | {"code"}
    assert shown.attributes <= _ATTRIBUTES
    assert "\u202e" not in shown.text
    assert "\x00" not in shown.text


def test_a_reference_to_a_direction_character_is_made_visible() -> None:
    assert "\u202e" not in Reader(render_text("$\\text{&#x202e;}$")).text


def test_lengths_stay_in_their_place() -> None:
    assert "900em" not in render_text("$\\rule{900em}{900em}$ $\\hspace{-900em} x$")
