"""From tags to blocks: the steps, generalized and answers of a text, flat and in order, however they are closed."""

from __future__ import annotations

from dataclasses import dataclass, field

from supercorrect.formats.result import Repair
from supercorrect.formats.tags import BLOCKS, Scan, Tag, TagName


@dataclass
class Block:
    """A step, generalized or answer at `text[start:end]`, tags included.

    `inner` holds its runs of text and the tags of its parts, in order.
    `ended` is False where the text breaks off in it.
    """

    name: TagName
    number: int | None
    start: int
    end: int
    inner: list[str | Tag] = field(default_factory=list)
    ended: bool = True


def read_blocks(scan: Scan) -> list[Block]:
    """The blocks of a scanned text. What had to be repaired is added to `scan.repairs`."""
    reader = _BlockReader(scan)
    position = scan.begin
    for tag in scan.tags:
        reader.read_run(scan.between(position, tag.start))
        reader.read_tag(tag)
        position = tag.end
    reader.read_run(scan.between(position, len(scan.text)))
    reader.finish()
    return reader.blocks


class _BlockReader:
    """One pass over runs and tags.

    Attributes:
        blocks: Those found so far; the last one may be open.
        open: The block that runs and parts go to; None between blocks.
        outside: The part that made a closed step open again; None otherwise.
        unclosed: Blocks that ended without a closing tag, which may still come: then what ended them was nested.
    """

    def __init__(self, scan: Scan) -> None:
        self.blocks: list[Block] = []
        self.open: Block | None = None
        self.outside: TagName | None = None
        self.unclosed: set[tuple[TagName, int | None]] = set()
        self.text_length = len(scan.text)
        self.repairs = scan.repairs

    def read_run(self, run: str) -> None:
        if self.open is not None:
            self.open.inner.append(run)
        else:
            self.repairs.update(_faults_outside(run))

    def read_tag(self, tag: Tag) -> None:
        if tag.name not in BLOCKS:
            self._read_part(tag)
        elif tag.closing:
            self._close(tag)
        else:
            self._end_without_tag(tag.start)
            self.open = Block(tag.name, tag.number, tag.start, tag.end)
            self.blocks.append(self.open)

    def finish(self) -> None:
        if self.open is not None and self.outside is None:
            self.open.ended = False
            self._drop_closing_fence(self.open)
        self._end_without_tag(self.text_length)
        if self.unclosed:
            self.repairs.add("missing_closing_tag")

    def _read_part(self, tag: Tag) -> None:
        if self.open is None:
            if tag.closing or not self.blocks or self.blocks[-1].name != "Step":
                self.repairs.add("stray_tag")
                return
            self.repairs.add("part_outside_step")
            self.open, self.outside = self.blocks[-1], tag.name
        self.open.inner.append(tag)
        if self.outside is None:
            return
        if not tag.closing and tag.name != "Key":
            self.outside = tag.name
        elif tag.closing and tag.name == self.outside:
            self._end(tag.end)

    def _close(self, tag: Tag) -> None:
        if self.open is not None and tag.name == self.open.name and tag.number in (None, self.open.number):
            self._end(tag.end)
        elif (tag.name, tag.number) in self.unclosed:
            self._end_without_tag(tag.start)
            self.unclosed.discard((tag.name, tag.number))
            self.repairs.add("nested_element")
        elif self.open is not None:
            self.repairs.add("mismatched_closing_tag")
            self._end(tag.end)
        else:
            self.repairs.add("stray_tag")

    def _end(self, position: int) -> None:
        if self.open is not None:
            self.open.end = position
        self.open = self.outside = None

    def _end_without_tag(self, position: int) -> None:
        if self.open is not None and self.outside is None:
            self.unclosed.add((self.open.name, self.open.number))
        self._end(position)

    def _drop_closing_fence(self, block: Block) -> None:
        last = block.inner[-1] if block.inner else ""
        if isinstance(last, str):
            kept, newline, line = last.rstrip().rpartition("\n")
            if newline and line.strip() == "```":
                block.inner[-1] = kept
                self.repairs.add("code_fence")


def _faults_outside(run: str) -> set[Repair]:
    """What is dropped with a run of text that stands in no block."""
    lines = (line.strip() for line in run.split("\n"))
    return {"code_fence" if line.startswith("```") else "text_outside_tags" for line in lines if line}
