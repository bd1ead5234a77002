"""JSON files that carry their own digest: one that was damaged is never read as whole."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from supercorrect.store.files import render_json, write_text_atomic

_DIGEST = "sha256"


def write_sealed_json(path: Path, value: dict[str, Any]) -> None:
    """Write an object with its digest, as `write_text_atomic` does."""
    write_text_atomic(path, render_json(value | {_DIGEST: _digest(value)}))


def read_sealed_json(path: Path, *, unsealed_version: int | None = None) -> dict[str, Any]:
    """The object that `write_sealed_json` wrote.

    Args:
        unsealed_version: A `schema_version` that had no digest yet. None: there was none such.

    Raises:
        ValueError: A byte of it is another than was written, or it has no digest.
        OSError: It cannot be read.
    """
    text = path.read_bytes().decode("utf-8")
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    if _DIGEST not in value and unsealed_version is not None and value.get("schema_version") == unsealed_version:
        return value
    expected = value.pop(_DIGEST, None)
    if expected != _digest(value) or text != render_json(value | {_DIGEST: expected}):
        raise ValueError("it carries no digest, or another than that of what it says")
    return value


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(render_json(value).encode()).hexdigest()
