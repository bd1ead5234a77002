"""A whole text as its steps, generalized and answer: what thoughts and correction traces have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from supercorrect.formats.blocks import Block, read_blocks
from supercorrect.formats.parts import NO_PARTS, Parts, read_parts
from supercorrect.formats.result import Failure, Repair
from supercorrect.formats.tags import Scan, TagName, scan_tags

_ORDER: Final[tuple[TagName, ...]] = ("Step", "Generalized", "Answer")


class Step(NamedTuple):
    """A step and the block that it was read from."""

    parts: Parts
    block: Block


@dataclass
class Document:
    """What a text says. `failure` is set where it has no usable step; then the rest says nothing."""

    steps: list[Step] = field(default_factory=list)
    generalized: str | None = None
    answer: str | None = None
    failure: Failure | None = None
    repairs: set[Repair] = field(default_factory=set)


def read_document(text: str, step_parts: frozenset[TagName]) -> Document:
    """Read a text whose steps may have the parts `step_parts`. Never raises; time is linear in the text."""
    if not text.strip():
        return Document(failure="empty_text")
    scan = scan_tags(text)
    if scan.overflowed:
        return Document(failure="too_many_tags", repairs=scan.repairs)
    document = Document(repairs=scan.repairs)
    filled = _read_filled(scan, step_parts)
    document.steps = [step for step in filled if step.block.name == "Step"]
    if not document.steps:
        document.failure = "no_steps"
    if [step.block.number for step in document.steps] != list(range(1, len(document.steps) + 1)):
        document.repairs.add("steps_renumbered")
    ranks = [_ORDER.index(step.block.name) for step in filled]
    if ranks != sorted(ranks):
        document.repairs.add("out_of_order")
    document.generalized = _last(filled, "Generalized", "duplicate_generalized", document.repairs)
    document.answer = _last(filled, "Answer", "duplicate_answer", document.repairs)
    return document


def _read_filled(scan: Scan, step_parts: frozenset[TagName]) -> list[Step]:
    """The blocks that have text in them, each with its parts."""
    filled = []
    for block in read_blocks(scan):
        parts = read_parts(block.inner, step_parts if block.name == "Step" else NO_PARTS, scan.repairs)
        if parts.empty:
            scan.repairs.add("empty_element")
        else:
            filled.append(Step(parts, block))
    return filled


def _last(filled: list[Step], name: TagName, duplicate: Repair, repairs: set[Repair]) -> str | None:
    texts = [step.parts.text for step in filled if step.block.name == name]
    if len(texts) > 1:
        repairs.add(duplicate)
    return texts[-1] if texts else None
