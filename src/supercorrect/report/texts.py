"""How values read on the page: shares, names, and the texts of models within a budget of bytes."""

from __future__ import annotations

from markupsafe import Markup

from supercorrect.report.mathematics import render_step, render_text

LONGEST_TEXT = 2500
LONGEST_NAME = 60
TEXT_BYTES = 3_000_000
"""What all texts of models may take, markup included: the page stays below 5 MB whatever they hold."""
LEFT_OUT = Markup('<span class="soft">left out, to keep this page small; it stands in the run folder</span>')


def percent(share: float | None) -> str:
    """A share in %, without the sign."""
    return "–" if share is None else f"{100 * share:.1f}"


def short_name(name: str) -> str:
    """A name that fits a table."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def clip(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text's beginning and end, with how much is left out between them."""
    if len(text) <= longest:
        return text
    head, tail = 3 * longest // 4, longest // 4
    return f"{text[:head]} … {len(text) - head - tail:,} characters left out … {text[-tail:]}"


class TextBudget:
    """Renders the texts of one page until their bytes are used up."""

    def __init__(self, size: int = TEXT_BYTES) -> None:
        self._left = size

    def text(self, text: str) -> Markup:
        """A text with its LaTeX as MathML."""
        return self._spend(render_text(clip(text)))

    def step(self, text: str) -> Markup:
        """A step, with its key passages marked."""
        return self._spend(render_step(clip(text)))

    def _spend(self, shown: Markup) -> Markup:
        size = len(shown.encode())
        if size > self._left:
            return LEFT_OUT
        self._left -= size
        return shown
