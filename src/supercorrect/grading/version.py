"""Which grader gave a verdict: a version that changes exactly where the grading code does."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files


@cache
def grader_version() -> str:
    """A hash of this package's sources, and the version of math-verify behind them."""
    sources = sorted((file for file in files(__package__).iterdir() if file.name.endswith(".py")), key=lambda f: f.name)
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in sources)).hexdigest()
    return f"{digest[:12]} with math-verify {version('math-verify')}"
