"""Text <-> record for hierarchical thoughts and correction traces: tolerant, linear, never raising on a text."""

from supercorrect.formats.correction import (
    StepReview,
    find_named_step,
    parse_correction,
    parse_step_review,
    render_correction,
    render_step_review,
)
from supercorrect.formats.files import FormatKind, ParseCounts, parse_file
from supercorrect.formats.inspection import Inspection, parse_inspection
from supercorrect.formats.result import FAILURES, REPAIRS, Failure, ParseResult, Repair
from supercorrect.formats.steps import StepSpan, close_step, open_step, render_steps, split_steps
from supercorrect.formats.styles import render_styled
from supercorrect.formats.thought import parse_thought, render_thought

__all__ = [
    "FAILURES",
    "REPAIRS",
    "Failure",
    "FormatKind",
    "Inspection",
    "ParseCounts",
    "ParseResult",
    "Repair",
    "StepReview",
    "StepSpan",
    "close_step",
    "find_named_step",
    "open_step",
    "parse_correction",
    "parse_file",
    "parse_inspection",
    "parse_step_review",
    "parse_thought",
    "render_correction",
    "render_step_review",
    "render_steps",
    "render_styled",
    "render_thought",
    "split_steps",
]
