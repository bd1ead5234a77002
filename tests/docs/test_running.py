"""Every command and every Python example of README and docs runs, page by page, in their order: `make test-docs`.

What cannot run here says so in its page, `<!-- not run: the reason -->` before the block; it is parsed all the same.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from doc_pages import PAGES, Block, commands_of, read_blocks, read_commands
from doc_workplace import PARSED_ONLY, Workplace
from small_runs import REPOSITORY
from supercorrect.sandbox.echo import echo
from supercorrect.sandbox.server import MockOptions, create_app, running_app


def examples(page: Path) -> list[Block]:
    """The blocks of a page that run."""
    return [b for b in read_blocks(page) if not b.not_run and (b.is_script or commands_of(b))]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A teacher for whatever page wants one."""
    with running_app(create_app(echo, MockOptions())) as url:
        yield url


@pytest.fixture
def workplace(tmp_path: Path, small_run: Path, endpoint: str) -> Iterator[Workplace]:
    """A fresh folder, as a page finds it."""
    place = Workplace(tmp_path / "here", small_run, endpoint)
    yield place
    place.close()


@pytest.mark.slow
@pytest.mark.parametrize("page", [*filter(examples, PAGES)], ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_example_runs(page: Path, workplace: Workplace) -> None:
    for block in examples(page):
        if block.is_script:
            workplace.run_python(block)
        for command in commands_of(block):
            workplace.run(command)


@pytest.mark.slow
def test_the_tutorial_takes_its_figures_from_a_run(small_run: Path) -> None:
    script = runpy.run_path(str(REPOSITORY / "docs" / "tutorial_figures.py"))
    figures = script["describe_run"](small_run)
    page = (REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8")
    filled = script["fill_in"](page, figures)
    rows = [
        line for line in (small_run / "report.md").read_text(encoding="utf-8").splitlines() if "cross_dpo |" in line
    ]
    assert rows and all(row in filled for row in rows[:1])
    assert "on 16 held-out problems" in filled
    assert script["fill_in"](filled, script["describe_run"](small_run)) == filled


def test_what_is_not_run_has_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [command for page in PAGES for command in read_commands(page)]
    reasons = {c: f"{c.words[0]}: its targets and extras are checked" for c in commands if c.words[0] in PARSED_ONLY}
    reasons |= {c: c.block.not_run for c in commands if c.block.not_run}
    with capsys.disabled():
        for command, reason in reasons.items():
            print(f"not run: {command.block.place}: {command.text}: {reason}")
    assert len(reasons) < len(commands) / 2
    assert all(len(reason) > 10 for reason in reasons.values())
