"""A solved problem in a terminal: its steps as they come, what was mended and why, the vote, the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from supercorrect.formats import parse_thought, split_steps
from supercorrect.reviewing import Finding
from supercorrect.serving.many import Unsolved
from supercorrect.serving.solving import Asked, OnText, Solved
from supercorrect.visible_text import plain_text

_STEP, _KEY, _GENERALIZED, _ANSWER = "bold cyan", "yellow", "magenta", "bold green"
_FAULT, _CAUSE, _CORRECTION = "bold red", "red", "green"


class SolutionPrinter:
    """Prints one solved problem at a time. Texts of models are shown, never obeyed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0

    @property
    def is_terminal(self) -> bool:
        """Whether somebody is looking on."""
        return self._console.is_terminal

    @contextmanager
    def following(self, asked: Asked) -> Iterator[OnText | None]:
        """While a solution is written, print its finished steps, and below them what is being written now.

        Of several solutions nothing is shown before it is known which one stands.
        """
        if asked.samples > 1:
            with self._console.status(f"{asked.samples} solutions"):
                yield None
            return
        with Live(console=self._console, transient=True, refresh_per_second=12) as live:

            def show(index: int, text: str) -> None:
                steps = split_steps(text)
                for number, step in enumerate(steps[self._shown :], self._shown + 1):
                    self._print(_step_line(number, step.text))
                self._shown = max(self._shown, len(steps))
                live.update(Text(plain_text(text[steps[-1].end if steps else 0 :].strip()), style="dim"))

            yield show

    def finish(self, solved: Solved, *, heading: bool) -> None:
        """Print what has not been printed yet, in the order in which it came about.

        Args:
            heading: Whether the problem stands above.
        """
        attempt, skipped = solved.attempt, self._shown
        self._shown = 0
        if heading:
            self._print(Text(plain_text(solved.asked.problem), style="bold"))
        for line in _solution_lines(attempt.first or attempt.completion, skipped):
            self._print(line)
        if attempt.finding is not None:
            for line in _finding_lines(attempt.finding):
                self._print(line)
        if attempt.first is not None and attempt.finding is not None:
            for line in _solution_lines(attempt.completion, attempt.finding.step - 1):
                self._print(line)
        if solved.votes:
            self._print(_vote_line(solved))
        if heading:
            self._print(Text())

    def refuse(self, unsolved: Unsolved) -> None:
        """Print why a problem was not solved."""
        self._print(Text(plain_text(unsolved.problem), style="bold"))
        self._print(_labelled("not asked", _FAULT, unsolved.reason))
        self._print(Text())

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)


def _solution_lines(text: str, skipped: int) -> list[Text]:
    """A solution without its first steps; where it is no thought, or breaks off, what stands there instead."""
    steps = split_steps(text)
    lines = [_step_line(number, step.text) for number, step in enumerate(steps[skipped:], skipped + 1)]
    thought = parse_thought(text).record
    if thought is None:
        rest = text[steps[-1].end if steps else 0 :].strip()
        return [*lines, Text(plain_text(rest))] if rest else lines
    if thought.generalized is not None:
        lines.append(_labelled("in general", _GENERALIZED, thought.generalized))
    return [*lines, _labelled("answer", _ANSWER, thought.answer or "")]


def _step_line(number: int, text: str) -> Text:
    """A step with its number; its keys stand in brackets, and stand out."""
    line = Text.assemble((f"{number} ", _STEP))
    for place, passage in enumerate(text.split("<Key>")):
        key, closed, rest = passage.partition("</Key>") if place else ("", "", passage)
        if closed:
            line.append(f"[key: {plain_text(key.strip())}]", _KEY)
        line.append(plain_text(rest if closed or not place else key))
    return line


def _finding_lines(finding: Finding) -> list[Text]:
    lines = [_labelled(f"step {finding.step} is wrong", _FAULT, "")]
    if finding.cause is not None:
        lines.append(_labelled("cause", _CAUSE, finding.cause))
    if finding.correction is None:
        return [*lines, _labelled("no correction came with it", _FAULT, "")]
    return [*lines, _labelled("correction", _CORRECTION, finding.correction)]


def _vote_line(solved: Solved) -> Text:
    shares = ", ".join(f"{count} × {answer}" for answer, count in solved.shares)
    silent = solved.votes.count(None)
    return _labelled("votes", _STEP, ", ".join(filter(None, (shares, f"{silent} without an answer" if silent else ""))))


def _labelled(label: str, style: str, text: str) -> Text:
    return Text.assemble((label, style), f": {plain_text(text)}" if text else "")
