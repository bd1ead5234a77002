"""The inspector's verdict on what a teacher wrote: `<Verdict> accept </Verdict>`, or `revise` with `<Remarks>`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_VERDICT = re.compile(r"<\s{0,3}Verdict\s{0,3}:?\s{0,3}>\s{0,20}\W{0,5}(accept|revise)", re.IGNORECASE)
_REMARKS_OPEN = re.compile(r"<\s{0,3}Remarks\s{0,3}:?\s{0,3}>", re.IGNORECASE)
_REMARKS_CLOSE = re.compile(r"<\s{0,3}/\s{0,3}Remarks\s{0,3}:?\s{0,3}>", re.IGNORECASE)


@dataclass(frozen=True)
class Inspection:
    """What an inspector decided. `verdict` None: it could not be read, which is neither yes nor no."""

    verdict: Literal["accept", "revise"] | None
    remarks: str


def parse_inspection(text: str) -> Inspection:
    """Read an inspector's reply; the last verdict counts. Never raises, and takes linear time."""
    verdicts = [match.group(1).lower() for match in _VERDICT.finditer(text)]
    opened = list(_REMARKS_OPEN.finditer(text))
    remarks = text[opened[-1].end() :] if opened else ""
    closed = _REMARKS_CLOSE.search(remarks)
    verdict: Literal["accept", "revise"] | None = None
    if verdicts:
        verdict = "accept" if verdicts[-1] == "accept" else "revise"
    return Inspection(verdict, (remarks[: closed.start()] if closed else remarks).strip())
