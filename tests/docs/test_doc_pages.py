"""README and docs say nothing that is not so: options exist, links lead somewhere, recipes are recipes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import urlparse

import pytest
import typer
import yaml
from typer.core import TyperGroup

from doc_pages import PAGES, Command, read_anchors, read_blocks, read_commands, read_links
from small_runs import REPOSITORY
from supercorrect.cli import app
from supercorrect.config import Recipe

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


def fault(command: Command) -> str | None:
    """What is wrong with a command, as far as can be told without running it. None: nothing."""
    program, *arguments = command.words
    if program == "supercorrect":
        return _fault_of_options(arguments)
    if program == "make":
        unknown = [word for word in arguments if "=" not in word and word not in TARGETS]
        return f"no target {unknown[0]!r} in the Makefile" if unknown else None
    extras = re.findall(r"(?:supercorrect|\.)\[([\w,-]+)\]", command.text) if program == "pip" else []
    known = PYPROJECT["project"]["optional-dependencies"]
    missing = [extra for named in extras for extra in named.split(",") if extra not in known]
    return f"no extra {missing[0]!r} in pyproject.toml" if missing else None


def _fault_of_options(arguments: list[str]) -> str | None:
    """What the command line itself would say: unknown commands and options, values that are none."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    if not arguments or arguments[0].startswith("-"):
        return None if set(arguments) <= {"--help", "-h", "--install-completion", "--show-completion"} else "no option"
    name, *rest = arguments
    if name not in group.commands:
        return f"no command {name!r}"
    try:
        group.commands[name].make_context(name, [word for word in rest if word not in ("--help", "-h")])
    except typer.TyperException as error:
        return str(error)
    return None


@by_page
def test_every_command_is_one(page: Path) -> None:
    faults = [f"{c.block.place}: {c.text}: {found}" for c in read_commands(page) if (found := fault(c))]
    assert not faults


@by_page
def test_no_link_is_dead(page: Path) -> None:
    dead = []
    for target in read_links(page):
        path, _, anchor = target.partition("#")
        if urlparse(target).scheme in ("http", "https", "mailto"):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in read_anchors(file)):
            dead.append(target)
    assert not dead


@by_page
def test_every_recipe_shown_has_known_keys(page: Path) -> None:
    for block in read_blocks(page):
        shown = yaml.safe_load(block.text) if block.language == "yaml" else None
        if not isinstance(shown, dict) or block.not_run:
            continue
        keys = set(shown) - {"extends"}
        sections = [
            Recipe.model_fields,
            *(_keys_of_section(field.annotation) for field in Recipe.model_fields.values()),
        ]
        assert any(keys <= set(known) for known in sections), f"{block.place}: unknown keys among {sorted(keys)}"


def _keys_of_section(annotation: object) -> dict[str, object]:
    return getattr(annotation, "model_fields", {})


def test_the_checks_find_what_is_wrong() -> None:
    page = PAGES[0]
    block = read_blocks(page)[0]
    wrong = {
        "supercorrect run my.yaml --untill thoughts": "No such option: --untill",
        "supercorrect teach my.yaml": "no command 'teach'",
        "make tests": "no target 'tests'",
        "pip install 'supercorrect[training]'": "no extra 'training'",
    }
    for text, message in wrong.items():
        assert message in (fault(Command(block, text)) or "")
    assert Command(block, "KEY=a supercorrect status runs/my --json | head  # remark").words[-1] == "--json"
