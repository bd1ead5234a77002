"""The same thought in other dress, to measure what the format adds (Table 8): sampling and stage 2 know XML alone."""

from __future__ import annotations

import re

from supercorrect.records import ParsedThought, ThoughtStyle

_KEY = re.compile(r"<Key>\s*(.*?)\s*</Key>", re.DOTALL)


def render_styled(thought: ParsedThought, style: ThoughtStyle) -> str:
    """A thought without tags.

    Args:
        thought: As the teacher wrote it.
        style: `hierarchy_without_generalized`: a chain of thought, a line a step, keys in brackets. `hierarchy`: the
            same, and the high-level thought. `headings`: all parts of the XML format, under headings in its place.
    """
    if style == "headings":
        steps = [f"Step {k}: {_KEY.sub(_under_heading, step.text)}" for k, step in enumerate(thought.steps, 1)]
        return "\n".join([*steps, f"Generalized: {thought.generalized}", f"Answer: {thought.answer}"])
    lines = [_KEY.sub(r"(\1)", step.text) for step in thought.steps]
    if style == "hierarchy":
        lines.append(f"In general: {thought.generalized}")
    return "\n".join([*lines, f"The answer is {thought.answer}."])


def _under_heading(key: re.Match[str]) -> str:
    return f"\nKey: {key[1]}\n"
