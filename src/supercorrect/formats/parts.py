"""Inside a block: its own text with the keys in it, and the cause and correction that a reader added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from supercorrect.formats.result import Repair
from supercorrect.formats.tags import PartName, Tag, TagName

THOUGHT_PARTS: Final = frozenset[TagName]({"Key"})
CORRECTION_PARTS: Final = frozenset[TagName]({"Key", "Cause", "Correction"})
NO_PARTS: Final = frozenset[TagName]()


class Parts(NamedTuple):
    """What a block says. Key passages stay where they stand, as `<Key> … </Key>`, in all three texts."""

    text: str
    cause: str | None
    correction: str | None

    @property
    def empty(self) -> bool:
        """Whether there is no text at all."""
        return not self.text and self.cause is None and self.correction is None


def read_parts(inner: Iterable[str | Tag], allowed: frozenset[TagName], repairs: set[Repair]) -> Parts:
    """Split the inner runs and tags of a block.

    Args:
        inner: Runs of text and tags, in order.
        allowed: The parts that this block may have; other tags are dropped as stray.
        repairs: Gets what had to be repaired.
    """
    reader = _PartReader(allowed, repairs)
    for item in inner:
        if isinstance(item, str):
            reader.runs.append(item)
        else:
            reader.read_tag(item)
    reader.leave_part()
    return Parts("\n".join(reader.own), reader.first("Cause"), reader.first("Correction"))


def keys_of(text: str) -> tuple[str, ...]:
    """The key passages of a text that `read_parts` gave."""
    return tuple(piece.partition("</Key>")[0].strip() for piece in text.split("<Key>")[1:])


class _PartReader:
    """One pass over the inner runs and tags of a block.

    A tag that is dropped leaves a line break: no tag has one inside, so dropping can never make a new tag of the
    text around it.

    Attributes:
        own: The block's own text, in the passages between its causes and corrections.
        runs: The passage being read; it belongs to `part`, None for the block's own text.
        key_at: Where in `runs` the open key starts; None where no key is open.
    """

    def __init__(self, allowed: frozenset[TagName], repairs: set[Repair]) -> None:
        self.allowed = allowed
        self.repairs = repairs
        self.own: list[str] = []
        self.found: dict[TagName, list[str]] = {"Cause": [], "Correction": []}
        self.part: TagName | None = None
        self.runs: list[str] = []
        self.key_at: int | None = None

    def read_tag(self, tag: Tag) -> None:
        if tag.name not in self.allowed or (tag.closing and not self._is_open(tag.name)):
            self.repairs.add("stray_tag")
            self.runs.append("\n")
        elif tag.name == "Key":
            self._end_key(closed=tag.closing)
            if not tag.closing:
                self.key_at = len(self.runs)
                self.runs.append("<Key>")
        else:
            if tag.closing and tag.name != self.part:
                self.repairs.add("mismatched_closing_tag")
            self.leave_part(closed=tag.closing)
            self.part = None if tag.closing else tag.name

    def leave_part(self, *, closed: bool = False) -> None:
        """End the passage being read and file it where it belongs."""
        self._end_key(closed=False)
        if self.part is not None and not closed:
            self.repairs.add("missing_closing_tag")
        passage = "".join(self.runs).strip()
        self.runs = []
        if self.part is None:
            self.own += [passage] if passage else []
        elif passage:
            self.found[self.part].append(passage)
        else:
            self.repairs.add("empty_element")

    def first(self, name: PartName) -> str | None:
        """The first cause or correction: what follows it in the same step repeats it more often than it adds to it."""
        passages = self.found[name]
        if len(passages) > 1:
            self.repairs.add("extra_part")
        return passages[0] if passages else None

    def _is_open(self, name: TagName) -> bool:
        return self.key_at is not None if name == "Key" else self.part is not None

    def _end_key(self, *, closed: bool) -> None:
        if self.key_at is None:
            return
        passage = "".join(self.runs[self.key_at + 1 :])
        if not passage.strip():
            self.runs[self.key_at :] = ["\n"]
            self.repairs.add("empty_element")
        elif closed:
            self.runs.append("</Key>")
        else:
            self.runs[self.key_at + 1 :] = [passage.rstrip(), " </Key> "]
            self.repairs.add("missing_closing_tag")
        self.key_at = None
