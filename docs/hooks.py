"""Hooks of the docs site: pages link to files of the repository, which the site does not have."""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s#:]+)\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Show a link to a file outside of docs/ as that file's path."""
    folder = posixpath.dirname(f"docs/{page.file.src_uri}")

    def as_path(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, link["target"]))
        return link[0] if path.startswith("docs/") else f"{link['text']} (`{path}`)"

    return _LINK.sub(as_path, markdown)
