"""What run and courier say to each other: a line of JSON, then as many bytes of body as it names."""

from __future__ import annotations

import asyncio
import json
from typing import Any

LONGEST_HEAD = 4_000_000
"""Bytes. It holds the headers that a server sends."""

Frame = tuple[dict[str, Any], bytes]


def frame(head: dict[str, Any], body: bytes = b"") -> bytes:
    """A message."""
    return json.dumps(head | {"size": len(body)}).encode() + b"\n" + body


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next message; None: the other side is gone. The reader has to take lines of `LONGEST_HEAD`."""
    try:
        head = json.loads(await reader.readuntil(b"\n"))
        return head, await reader.readexactly(head["size"])
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
