"""Amounts as people read them, the same in the terminal and on every page."""

from __future__ import annotations


def dollars(usd: float | None) -> str:
    """An amount; one below a dollar keeps two digits, so that it never looks like nothing."""
    if usd is None:
        return "unknown"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.2g}"


def duration(seconds: float) -> str:
    """A time in the two units that matter."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def gigabytes(size_bytes: float) -> str:
    """A size of memory or disk."""
    return f"{size_bytes / 1e9:,.1f} GB"
