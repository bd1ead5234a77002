"""The scanner: finds the tags of the format in any text, in linear time, in the spellings that models use.

Not an XML parser: `x < 3`, `a & b` and unknown tags are plain text. One pattern is tried at each `<`: all its
counts are bounded and possessive, so no text can make it backtrack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal, NamedTuple, get_args

from supercorrect.formats.result import Repair

BlockName = Literal["Step", "Generalized", "Answer"]
PartName = Literal["Key", "Cause", "Correction"]
TagName = Literal[BlockName, PartName]
BLOCKS: Final = frozenset[TagName](get_args(BlockName))

MAX_TAGS: Final = 10_000
"""A text with more tags is refused, which bounds the work that any text can cause."""

_NAMES: Final[dict[str, TagName]] = {name.lower(): name for name in get_args(TagName)}
_INSIDE: Final = (  # the lookahead, the first two letters of all names, only saves time
    r"(?=[ \t/]{0,5}+[acgks][aenot])[ \t]{0,2}+(?P<slash>/?+)[ \t]{0,2}+"
    rf"(?P<name>{'|'.join(_NAMES)})"
    r"[ \t_:#-]{0,3}+(?P<number>[0-9]{0,4}+)[ \t]{0,2}+:?+[ \t]{0,2}+"
)
_PLAIN: Final = re.compile(f"<{_INSIDE}>", re.ASCII | re.IGNORECASE)
_ESCAPED: Final = re.compile(f"(?:<|&lt;){_INSIDE}(?:>|&gt;)", re.ASCII | re.IGNORECASE)
_END_OF_REASONING: Final = "</think>"


class Tag(NamedTuple):
    """A tag at `text[start:end]`. `number` is that of a step; None elsewhere and for `<Step>` without one."""

    name: TagName
    number: int | None
    closing: bool
    start: int
    end: int


@dataclass
class Scan:
    """A text and its tags. Positions are those of the text that was given, also where it is HTML-escaped."""

    text: str
    tags: list[Tag]
    begin: int = 0
    escaped: bool = False
    overflowed: bool = False
    repairs: set[Repair] = field(default_factory=set)

    def between(self, start: int, end: int) -> str:
        """The plain text from `start` to `end`, unescaped where the whole text is escaped."""
        run = self.text[start:end]
        return unescape(run) if self.escaped else run


def unescape(text: str) -> str:
    """Undo HTML escaping of the five characters that escaping touches."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def scan_tags(text: str) -> Scan:
    """Find the tags of `text`. Escaped tags count only where there is no plain one at all. Never raises."""
    scan = Scan(text=text.encode(errors="replace").decode(), tags=[])
    if scan.text != text:
        scan.repairs.add("invalid_unicode")
    after_reasoning = text.rfind(_END_OF_REASONING)
    if after_reasoning >= 0:
        scan.begin = after_reasoning + len(_END_OF_REASONING)
        scan.repairs.add("reasoning_dropped")
    found = _find(scan)
    if not scan.overflowed:
        scan.tags = _settle(found, scan)
    return scan


def _find(scan: Scan) -> list[Tag]:
    pattern = _ESCAPED if "&lt;" in scan.text else _PLAIN
    matches = list(islice(pattern.finditer(scan.text, scan.begin), MAX_TAGS + 1))
    plain = [match for match in matches if match[0][0] == "<" and match[0][-1] == ">"]
    scan.overflowed = len(matches) > MAX_TAGS
    scan.escaped = bool(matches) and not plain
    if scan.escaped:
        scan.repairs.add("html_unescaped")
    return [_read_tag(match, scan) for match in plain or matches]


def _read_tag(match: re.Match[str], scan: Scan) -> Tag:
    name = _NAMES[match["name"].lower()]
    number = int(match["number"]) if name == "Step" and match["number"] else None
    if unescape(match[0]) != f"<{match['slash']}{name}{'' if number is None else number}>":
        scan.repairs.add("tag_respelled")
    return Tag(name, number, bool(match["slash"]), match.start(), match.end())


def _settle(tags: list[Tag], scan: Scan) -> list[Tag]:
    """Turn an opening tag that closes its own element (`<Key> … <Key>`) into the closing tag it stands for.

    It does, where the element is open and the next tag of its name is no closing one. As a step is often repeated
    with its number and never closed, a step's tag must also be followed by no text of its own.
    """
    next_closes = _next_closes(tags)
    settled: list[Tag] = []
    still_open: dict[TagName, int | None] = {}
    for index, tag in enumerate(tags):
        repeated = not tag.closing and tag.name in still_open and still_open[tag.name] == tag.number
        if repeated and not next_closes[index] and (tag.name != "Step" or _bare(tags, index, scan)):
            tag = tag._replace(closing=True)
            scan.repairs.add("closed_by_opening_tag")
        settled.append(tag)
        if tag.name in BLOCKS:
            still_open.clear()
        elif tag.name != "Key":
            still_open.pop("Cause", None)
            still_open.pop("Correction", None)
        still_open.pop(tag.name, None)
        if not tag.closing:
            still_open[tag.name] = tag.number
    return settled


def _next_closes(tags: list[Tag]) -> list[bool]:
    """For each tag, whether the next one of its name is a closing tag."""
    closes: dict[TagName, bool] = {}
    answers = []
    for tag in reversed(tags):
        answers.append(closes.get(tag.name, False))
        closes[tag.name] = tag.closing
    return answers[::-1]


def _bare(tags: list[Tag], index: int, scan: Scan) -> bool:
    """Whether a numbered tag is followed by nothing but space, up to the next tag or the end."""
    end = tags[index + 1].start if index + 1 < len(tags) else len(scan.text)
    return tags[index].number is not None and not scan.text[tags[index].end : end].strip()


def canonical(name: TagName, text: str) -> str:
    """An element as the format writes it: `<Answer> 42 </Answer>`."""
    return f"<{name}> {text} </{name}>"
