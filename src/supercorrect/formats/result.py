"""What parsing gives back, and every code that it can give: what was repaired, and why a text was refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

Repair = Literal[
    "invalid_unicode",
    "reasoning_dropped",
    "html_unescaped",
    "tag_respelled",
    "code_fence",
    "text_outside_tags",
    "stray_tag",
    "missing_closing_tag",
    "closed_by_opening_tag",
    "mismatched_closing_tag",
    "nested_element",
    "part_outside_step",
    "extra_part",
    "empty_element",
    "steps_renumbered",
    "out_of_order",
    "duplicate_generalized",
    "duplicate_answer",
    "generalized_dropped",
]
Failure = Literal["empty_text", "too_many_tags", "no_steps", "no_answer"]

REPAIRS: Final[dict[Repair, str]] = {
    "invalid_unicode": "Lone surrogates, which no UTF-8 file can hold, became `?`.",
    "reasoning_dropped": "Everything up to the last `</think>` was dropped.",
    "html_unescaped": "All tags were HTML-escaped; the text was unescaped.",
    "tag_respelled": "A tag had another spelling: case, spaces, colon, underscore, a number where none belongs.",
    "code_fence": "A Markdown fence around the elements was dropped.",
    "text_outside_tags": "Text before, between or after the elements was dropped.",
    "stray_tag": "A tag that opens or closes nothing here was dropped; the text around it stands.",
    "missing_closing_tag": "An element without its closing tag ends where the next one starts, or with the text.",
    "closed_by_opening_tag": "An element was closed by a second opening tag.",
    "mismatched_closing_tag": "An element was closed by the closing tag of another.",
    "nested_element": "A step, generalized or answer inside another element was lifted out, behind it.",
    "part_outside_step": "A key, cause or correction behind a closed step was taken into that step.",
    "extra_part": "A second cause or correction in one step was dropped; the first counts.",
    "empty_element": "An element with no text in it was dropped.",
    "steps_renumbered": "The numbers in the text are not 1, 2, 3 …; steps count by position.",
    "out_of_order": "Generalized or answer stood before a step, or answer before generalized.",
    "duplicate_generalized": "There were several generalized; the last counts.",
    "duplicate_answer": "There were several answers; the last counts.",
    "generalized_dropped": "A generalized in a correction trace, which has none, was dropped.",
}
"""What each repair code says, in the order in which a result lists them."""

FAILURES: Final[dict[Failure, str]] = {
    "empty_text": "The text is empty or blank.",
    "too_many_tags": "More tags than any thought has (`tags.MAX_TAGS`): a model in a loop, or an attack.",
    "no_steps": "No step with text in it.",
    "no_answer": "A thought without an answer. (A correction trace may lack one.)",
}
"""What each failure code says, in the order in which they are looked for: the first that holds is the cause."""

RecordT = TypeVar("RecordT", covariant=True)


@dataclass(frozen=True)
class ParseResult(Generic[RecordT]):
    """A record or the one cause why there is none, and what was repaired on the way (codes of `REPAIRS`)."""

    record: RecordT | None
    repairs: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there is a record."""
        return self.record is not None


def in_listed_order(repairs: Iterable[Repair]) -> tuple[str, ...]:
    """Each code once, in the order of `REPAIRS`, so that equal texts give equal rows."""
    found = set(repairs)
    return tuple(code for code in REPAIRS if code in found)
