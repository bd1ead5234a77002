"""What a terminal shows of a solved problem, in the order in which it came about, and nothing that it would obey."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console

from scripted_students import RIGHT, WRONG
from supercorrect.config import SamplingConfig
from supercorrect.reviewing import Finding
from supercorrect.serving.many import Unsolved
from supercorrect.serving.modes import Mode
from supercorrect.serving.showing import SolutionPrinter
from supercorrect.serving.solving import Asked, Attempt, Solved

FOUND = Finding(1, "2 + 2 is 4", "2 + 2 = 4")
KEYED = "<Step1> a <Key> b </Key> c </Step1>\n<Step2> d </Step2>\n<Generalized> e </Generalized>\n<Answer> f </Answer>"


def show(solved: Solved, *, told: Sequence[str] = (), terminal: bool = False, heading: bool = False) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=40, highlight=False, color_system=None)
    printer = SolutionPrinter(console)
    if terminal:
        with printer.following(solved.asked) as on_text:
            for text in told:
                assert on_text is not None
                on_text(0, text)
    printer.finish(solved, heading=heading)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def solved(*attempts: Attempt, votes: tuple[int | None, ...] = ()) -> Solved:
    asked = Asked("What is 2 + 2?", Mode(votes=len(attempts)), SamplingConfig(), samples=len(attempts))
    return Solved(asked, attempts, votes=votes)


def test_steps_keys_generalized_and_answer() -> None:
    assert show(solved(Attempt(KEYED, "stop"))) == "1 a [key: b] c\n2 d\nin general: e\nanswer: f\n"


def test_what_was_mended_stands_behind_what_was_wrong() -> None:
    lines = show(solved(Attempt(RIGHT, "stop", None, FOUND, WRONG)), heading=True).splitlines()
    assert lines == [
        "What is 2 + 2?",
        *("1 2 + 2 = 5", "answer: 5"),
        *("step 1 is wrong", "cause: 2 + 2 is 4", "correction: 2 + 2 = 4"),
        *("1 2 + 2 = 4", "in general: add", "answer: 4", ""),
    ]


def test_a_vote_says_how_many_gave_which_answer() -> None:
    shown = show(solved(Attempt(RIGHT, "stop"), Attempt(RIGHT, "stop"), Attempt("", "stop"), votes=(0, 0, None)))
    assert shown.endswith("answer: 4\nvotes: 2 × 4, 1 without an answer\n")


def test_steps_that_were_shown_while_they_were_written_are_not_shown_again() -> None:
    parts = [KEYED[:10], KEYED[:40], KEYED[:70], KEYED]
    shown = show(solved(Attempt(KEYED, "stop")), told=parts, terminal=True)
    assert shown.count("1 a [key: b] c") == 1
    assert shown.count("2 d") == 1
    assert shown.rstrip().endswith("answer: f")


def test_a_text_that_breaks_off_or_is_no_thought_is_shown_as_it_is() -> None:
    assert show(solved(Attempt("<Step1> a </Step1>\n<Step2> b", "length"))) == "1 a\n<Step2> b\n"
    assert show(solved(Attempt("It is 4.", "stop"))) == "It is 4.\n"


def test_nothing_of_a_model_is_obeyed() -> None:
    hostile = "<Step1> [red]x[/red] \x1b[2J\u202e <Key> \x07 </Key> </Step1>\n<Answer> \x9b31m </Answer>"
    found = Finding(1, "\x1b]0;t\x07", "\x1b[1m")
    for text in (
        show(solved(Attempt(hostile, "stop", None, found, hostile)), heading=True),
        show(solved(Attempt(hostile, "stop")), told=[hostile[:30]], terminal=True)
        .replace("\x1b[?25", "")
        .replace("\x1b[", ""),
    ):
        assert "[red]x[/red]" in text
        assert not set("\u202e\x07\x9b") & set(text)
    assert "\x1b" not in show(solved(Attempt(hostile, "stop", None, found, hostile)))


def test_a_problem_that_was_not_asked_says_why() -> None:
    console = Console(file=io.StringIO(), width=80)
    SolutionPrinter(console).refuse(Unsolved("too long", "it has 900 tokens"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "too long\nnot asked: it has 900 tokens\n\n"
