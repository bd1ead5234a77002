"""README and docs as data: their commands, code blocks and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from small_runs import REPOSITORY

GENERATED = REPOSITORY / "docs" / "reference" / "cli.md"
PAGES = sorted(
    {REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")} - {GENERATED}
)
PROGRAMS = (
    *("supercorrect", "make", "python", "pip", "accelerate", "curl", "docker", "mkdocs", "tensorboard"),
    *("lm_eval", "inspect", "ray", "vllm", "git", "export", "bash", "mkdir", "cd"),
)
"""A line of an indented or unnamed block is a command if it begins with one of these."""
SHELLS = ("sh", "bash", "console", "shell")
_NOT_RUN = re.compile(r"<!--\s*not run:\s*(?P<reason>.+?)\s*-->", re.DOTALL)
_LINK = re.compile(r"!?\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code. `not_run` is the reason that stands before it in `<!-- not run: … -->`."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None

    @property
    def is_script(self) -> bool:
        """Whether it is Python to be run as it stands; a session (`>>>`) is not."""
        return self.language == "python" and ">>>" not in self.text

    @property
    def place(self) -> str:
        """Where it stands, as file:line."""
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command of a block, its continued lines joined."""

    block: Block
    text: str

    @property
    def words(self) -> list[str]:
        """Up to the first sign of the shell: `# remark`, `&`, `|`, `>`."""
        lexer = shlex.shlex(self.text, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if set(word) <= set("|&;<>"):
                break
            words.append(word)
        return words[next((i for i, word in enumerate(words) if not re.match(r"[A-Z_]+=", word)), 0) :]


def read_blocks(page: Path) -> list[Block]:
    """Every block of code of a page, in order."""
    blocks, reason = [], None
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            language = token.info.split()[0] if token.info.strip() else ""
            blocks.append(Block(page, token.map[0] + 1, language, token.content, reason))
        found = _NOT_RUN.search(token.content) if token.type == "html_block" else None
        reason = found["reason"] if found else None
    return blocks


def commands_of(block: Block) -> list[Command]:
    """Every command of a block, in order."""
    return [Command(block, text) for text in _command_lines(block)]


def read_commands(page: Path) -> list[Command]:
    """Every command of a page, in order."""
    return [command for block in read_blocks(page) for command in commands_of(block)]


def _command_lines(block: Block) -> Iterator[str]:
    if block.language not in ("", *SHELLS):
        return
    joined = re.sub(r"\\\n\s*", " ", block.text)
    for line in map(str.strip, joined.splitlines()):
        line = line.removeprefix("$ ")
        first = next((word for word in line.split() if not re.match(r"[A-Z_]+=", word)), "")
        if first in PROGRAMS or (block.language in SHELLS and line and not line.startswith("#")):
            yield line


def read_links(page: Path) -> list[str]:
    """The targets of a page's links and images, code left out."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [found["target"] for found in _LINK.finditer(re.sub(r"`[^`\n]*`", "", text))]


def read_anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MkDocs make them."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles}
