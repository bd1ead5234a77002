"""Hierarchical thoughts (section 4.1): what a student is taught to write, as text and as record."""

from __future__ import annotations

from supercorrect.formats.document import read_document
from supercorrect.formats.parts import THOUGHT_PARTS, keys_of
from supercorrect.formats.result import ParseResult, in_listed_order
from supercorrect.formats.steps import render_steps
from supercorrect.formats.tags import canonical
from supercorrect.records import ParsedThought, ThoughtStep


def parse_thought(text: str) -> ParseResult[ParsedThought]:
    """Read a thought as models write it. It needs a step and an answer; generalized may be missing. Never raises."""
    document = read_document(text, THOUGHT_PARTS)
    failure = document.failure or ("no_answer" if document.answer is None else None)
    repairs = in_listed_order(document.repairs)
    if failure is not None:
        return ParseResult(None, repairs, failure)
    steps = tuple(ThoughtStep(text=parts.text, keys=keys_of(parts.text)) for parts, _ in document.steps)
    return ParseResult(ParsedThought(steps=steps, generalized=document.generalized, answer=document.answer), repairs)


def render_thought(parsed: ParsedThought) -> str:
    """The canonical text of a thought: `parse_thought(render_thought(parsed)).record == parsed`, without a repair."""
    lines = [render_steps([step.text for step in parsed.steps])]
    if parsed.generalized is not None:
        lines.append(canonical("Generalized", parsed.generalized))
    if parsed.answer is not None:
        lines.append(canonical("Answer", parsed.answer))
    return "\n".join(lines)
