# ruff: noqa: E501 - tables
"""Which two answers are the same, in pure Python; `None` hands the question to computer algebra."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercorrect.grading import GradingPolicy
from supercorrect.grading.equivalence import decide

DEFAULT = GradingPolicy()

SAME = [
    ("7", "7.0"), ("7", "07"), ("\\frac12", "0.5"), ("\\frac{1}{2}", "\\dfrac 12"), ("-\\frac{1}{2}", "\\frac{-1}{2}"),
    ("\\frac{1}{3}", "0.333333"), ("1000", "1,000"), ("1{,}008{,}016", "1008016"), ("10,\\!000", "10000"),
    ("1000", "1 000"), ("1,22", "1.22"), ("10\\frac{1}{12}", "121/12"), ("-2\\frac12", "-2.5"), ("1 1/2", "1.5"),
    ("\\sqrt{12}", "2\\sqrt3"), ("\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt 2}{2}"), ("2^{10}", "1024"), ("\\binom{5}{2}", "10"),
    ("2^{4950}", "2^{4949} \\cdot 2"), ("5!", "120"), ("\\sin 30^\\circ", "0.5"), ("\\log_2 8", "3"), ("25\\pi", "25 π"),
    ("3+4i", "4i + 3"), ("\\frac{1}{1+i}", "\\frac{1-i}{2}"), ("|3+4i|", "5"), ("\\sqrt[3]{-8}", "-2"), ("5", "２+３"),
    ("10\\%", "10"), ("10\\%", "0.1"), ("28\\%", "28 percent"), ("30^\\circ", "30"), ("30^{\\circ}", "30 degrees"),
    ("\\$18.00", "18"), ("18", "18 dollars"), ("20\\text{ miles}", "20"), ("1\\text{ m}", "100\\text{ cm}"),
    ("5\\text{ cm}^2", "5\\text{ square centimeters}"), ("50", "50\\text{ square units}"), ("\\$0.50", "50\\text{ cents}"),
    ("28_9", "28"), ("28_9", "28_{9}"), ("3:5", "3 : 5"), ("3:4", "\\frac34"), ("x = 5", "5"), ("5", "x = 2 + 3 = 5"),
    ("(p,q)=(3,2)", "(3,2)"), ("(1, 2)", "(1,2.0)"), ("-2, 2", "2,-2"), ("\\{1,2\\}", "2, 1"), ("1 \\pm \\sqrt{19}",
    "1-\\sqrt{19}, 1+\\sqrt{19}"), ("6, 8\\text{, and }10", "6,8,10"), ("21, 16 or 11", "11, 16, 21"), ("(1,2),(3,4)",
    "(3,4),(1,2)"), ("[0,1)", "0 \\leq x < 1"), ("(-\\infty, 5)", "x < 5"), ("x \\leq 5", "5 \\geq x"),
    ("x<1 \\text{ or } x>3", "(-\\infty,1)\\cup(3,\\infty)"), ("[2,\\infty)", "\\left[2,+\\infty\\right)"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix} 1 & 2 \\\\ 3 & 8/2 \\end{bmatrix}"),
    ("\\begin{pmatrix}1\\\\-2\\end{pmatrix}", "(1,-2)"), ("x^2+2x+1", "(x+1)^2"), ("2 \\sin b \\cos a", "2\\cos(a)\\sin(b)"),
    ("34x+45y-20z+100=0", "-34x-45y+20z=100"), ("y=2x+3", "y-2x-3=0"), ("\\text{Evelyn}", "evelyn"), ("C", "(C) 12"),
    ("\\text{(C)}", "C."), ("\\text{two}", "2"), ("8\\!:\\!34 \\text{ p.m.}", "8:34 pm"), ("\\emptyset", "\\varnothing"),
    ("(2,1)", "\\left( 2 ; 1 \\right)"), ("\\text{no solution}", "No solution."), ("12", "there are 12 ways"), ("\\cos58", "\\cos 58^\\circ"), ("\\$1,000", "1000"),
]  # fmt: skip
DIFFERENT = [
    ("7", "8"), ("7", "-7"), ("\\frac12", "0.51"), ("\\frac{1}{3}", "0.33"), ("0.000123", "0.0001234"), ("1234567.5",
    "1234568"), ("10", "11\\%"), ("6\\text{ cm}", "6\\text{ m}"), ("6\\text{ cm}", "6\\text{ cm}^2"), ("28_9", "28_8"),
    ("101_2", "5"), ("(1,2)", "(2,1)"), ("[0,1)", "[0,1]"), ("(0,9)", "[0,9)"), ("1,2", "1,2,3"), ("\\{1,1,2\\}", "\\{1,2,2\\}"),
    ("(1,2)", "3"), ("C", "(D) 12"), ("C", "B"), ("\\text{Evelyn}", "Carla"), ("x^2+1", "x^2-1"), ("\\text{east}", "5"),
    ("\\pm 2021", "2021"), ("8:34 \\text{ p.m.}", "8:34 \\text{ a.m.}"), ("\\begin{pmatrix}1&2\\end{pmatrix}",
    "\\begin{pmatrix}1\\\\2\\end{pmatrix}"), ("\\infty", "-\\infty"), ("\\sqrt{2}", "1.41"), ("2^{4950}", "2^{4951}"), ("0",
    "2x - y = 0"), ("1", "i"), ("12:00", "12:30"), ("\\sin 30^\\circ", "-0.98803"), ("\\sin 30", "0.5"), ("f(x)", "g(x)"), ("50", "10 + John's age"), ("10", "10 + John's age"), ("12", "13 or so ways"),
]  # fmt: skip
UNDECIDED = [
    ("7", "9^{9^{9^9}}"), ("\\int_0^1 x dx", "\\frac12"), ("x>5", "y>5"), ("1/2x", "\\frac{x}{2}"),
    ("7", "\\unknown{7}"), ("7\\text{ hours and }5\\text{ minutes}", "7\\text{ hours }5\\text{ minutes}"), ("[1,2]\\cup[2,3]", "[1,3]"), ("7", "\\frac{1}{0}"), ("\\sqrt{x^2}", "|x|+0x!"),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "answer"), SAME)
def test_same_answers(reference: str, answer: str) -> None:
    assert decide(reference, answer, DEFAULT) is True


@pytest.mark.parametrize(("reference", "answer"), DIFFERENT)
def test_different_answers(reference: str, answer: str) -> None:
    assert decide(reference, answer, DEFAULT) is False


@pytest.mark.parametrize(("reference", "answer"), UNDECIDED)
def test_what_only_computer_algebra_could_tell(reference: str, answer: str) -> None:
    assert decide(reference, answer, DEFAULT) is None


@pytest.mark.parametrize(
    ("setting", "reference", "answer"),
    [
        ({"percent_sign_optional": False}, "10\\%", "10"),
        ({"percent_as_fraction": False}, "10\\%", "0.1"),
        ({"units_optional": False}, "5\\text{ cm}", "5"),
        ({"degrees_optional": False}, "30^\\circ", "30"),
        ({"currency_optional": False}, "\\$18", "18"),
        ({"base_optional": False}, "28_9", "28"),
        ({"vector_as_tuple": False}, "\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)"),
        ({"bare_list_as_tuple": False}, "(1,2)", "1,2"),
        ({"decimal_tolerance": 0.0}, "\\frac13", "0.333333"),
    ],
)
def test_each_leniency_can_be_switched_off(setting: dict[str, object], reference: str, answer: str) -> None:
    assert decide(reference, answer, DEFAULT) is True
    assert decide(reference, answer, GradingPolicy(**setting)) is not True  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_fractions_are_compared_exactly(left: object, right: object) -> None:
    assert decide(str(left), str(right), DEFAULT) is (left == right)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_itself_and_none_raises(text: str) -> None:
    assert decide(text, text, DEFAULT) is True
    decide("7", text, DEFAULT)
    decide(text, "7", DEFAULT)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="0123456789xyi+-*/^(){}[]|,.;:=<>\\%°_! frcsqtpinul&", max_size=60))
def test_broken_formulas_raise_nothing(text: str) -> None:
    decide("(1, x^2]", text, DEFAULT)
