"""Correction traces (section 4.2): the steps again, with cause and correction in each wrong one."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.formats.document import read_document
from supercorrect.formats.parts import CORRECTION_PARTS, read_parts
from supercorrect.formats.result import ParseResult, in_listed_order
from supercorrect.formats.steps import close_step, open_step
from supercorrect.formats.tags import BLOCKS, Tag, canonical, scan_tags
from supercorrect.records import CorrectedStep, ParsedCorrection


@dataclass(frozen=True)
class StepReview:
    """What a reader wrote behind one opened step: None where it names no cause, or gives no correction.

    `closed` says that the step's closing tag was reached: a review that is not closed was cut off, or ran on.
    """

    cause: str | None = None
    correction: str | None = None
    closed: bool = False
    repairs: tuple[str, ...] = ()


def parse_correction(text: str) -> ParseResult[ParsedCorrection]:
    """Read a correction trace as models write it. It needs a step; the answer may be missing. Never raises."""
    document = read_document(text, CORRECTION_PARTS)
    if document.generalized is not None:
        document.repairs.add("generalized_dropped")
    repairs = in_listed_order(document.repairs)
    if document.failure is not None:
        return ParseResult(None, repairs, document.failure)
    steps = tuple(CorrectedStep(**parts._asdict()) for parts, _ in document.steps)
    record = ParsedCorrection(steps=steps, answer=document.answer, first_error_step=_first_error_step(steps))
    return ParseResult(record, repairs)


def find_named_step(text: str) -> int | None:
    """The number under which a trace faults a step first, where the reader names steps by number and skips some.

    A trace that restates only what is wrong, `<Step3> … <Cause> …`, means step 3. Numbers are believed as long as they
    grow; otherwise, as everywhere in this package, the step's place counts. None: no step is faulted.
    """
    before = 0
    for place, (parts, block) in enumerate(read_document(text, CORRECTION_PARTS).steps, 1):
        grows = block.number is not None and block.number > before
        before = block.number if grows and block.number is not None else place
        if parts.cause is not None or parts.correction is not None:
            return before
    return None


def render_correction(parsed: ParsedCorrection) -> str:
    """The canonical text of a trace: `parse_correction(render_correction(parsed)).record == parsed`, unrepaired."""
    lines = [
        open_step(k, step.text) + render_step_review(k, step.cause, step.correction)
        for k, step in enumerate(parsed.steps, 1)
    ]
    if parsed.answer is not None:
        lines.append(canonical("Answer", parsed.answer))
    return "\n".join(lines)


def parse_step_review(text: str) -> StepReview:
    """Read what stands behind `open_step(k, …)`, up to the first tag of a step, generalized or answer. Never raises.

    Text of its own that the reader adds to the step is passed over. A closing tag with another number closes, too.
    """
    scan = scan_tags(text)
    inner: list[str | Tag] = []
    position, closed = scan.begin, False
    for tag in scan.tags:
        inner.append(scan.between(position, tag.start))
        position = tag.end
        if tag.name in BLOCKS:
            closed = tag.closing and tag.name == "Step"
            break
        inner.append(tag)
    else:
        inner.append(scan.between(position, len(scan.text)))
    parts = read_parts(inner, CORRECTION_PARTS, scan.repairs)
    if parts.text:
        scan.repairs.add("text_outside_tags")
    return StepReview(parts.cause, parts.correction, closed, in_listed_order(scan.repairs))


def render_step_review(k: int, cause: str | None, correction: str | None) -> str:
    """What a reader writes behind the opened step `k`: ` <Cause> … </Cause> <Correction> … </Correction> </Step2>`."""
    written = "" if cause is None else f" {canonical('Cause', cause)}"
    written += "" if correction is None else f" {canonical('Correction', correction)}"
    return written + close_step(k)


def _first_error_step(steps: tuple[CorrectedStep, ...]) -> int | None:
    faulted = (k for k, step in enumerate(steps, 1) if step.cause is not None or step.correction is not None)
    return next(faulted, None)
