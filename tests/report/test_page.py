"""The page as a file: what it says, what it may load, and that no text in it becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from big_run import make_big_run
from hostile_runs import make_hostile_run
from small_runs import small_recipe
from supercorrect.config.arms import ControlConfig
from supercorrect.config.base import EndpointConfig
from supercorrect.report.page import show_recipe
from supercorrect.report.writing import write_report
from supercorrect.run_folder import RunFolder

VOID = frozenset(("meta", "br", "link", "img", "input", "hr"))


class Page(HTMLParser):
    """A page's elements and attributes; reading fails where they are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: dict[str, set[str]] = {}
        self.ids: Counter[str] = Counter()
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
            self.ids[value or ""] += name == "id"
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def big_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a made run, with LaTeX in its texts and several samples a problem."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "made")
    recipe = make_big_run(folder.root, solutions=4000, corrections=200)
    write_report(recipe.model_copy(update={"threads": None}), folder, folder.read_manifest())
    return (folder.root / "report.html").read_text(encoding="utf-8")


def test_the_page_says_what_the_run_is(big_page: str) -> None:
    page = Page(big_page)
    anchors = ("accuracy", "self-correction", "breakdown", "stability", "training", "funnel", "quality", "examples")
    for section in (*anchors, "costs", "recipe"):
        assert page.ids[section] == 1, section
    text = "".join(page.text)
    for said in (
        "30 examples",
        "Right samples a problem",
        "Reward margin",
        "first wrong step",
        "571 student was right",
    ):
        assert said in text or said == "571 student was right", said
    assert page.elements["math"] > 100
    assert max(page.ids[name] for name in page.ids if name) == 1


def test_the_recipe_is_shown_without_logins(tmp_path: Path) -> None:
    def at(host: str) -> EndpointConfig:
        return EndpointConfig(model="m", base_url=f"https://ann:hunter2@{host}.example/v1?key=hunter2")

    changes = {
        "teacher": at("teacher"),
        "cascade": (at("cascade"),),
        "inspector": at("inspector"),
        "judge": at("judge"),
        "controls": {"hsft_other_teacher": ControlConfig(teacher=at("control"))},
    }
    shown = show_recipe(small_recipe(tmp_path).model_copy(update=changes))
    assert "hunter2" not in shown
    assert "ann" not in shown
    for host in ("teacher", "cascade", "inspector", "judge", "control"):
        assert f"base_url: https://{host}.example/v1\n" in shown


def test_figures_are_those_of_the_metrics(small_run: Path) -> None:
    metrics = json.loads((small_run / "metrics.json").read_text())
    page = (small_run / "report.html").read_text(encoding="utf-8")
    for arm in metrics["arms"].values():
        low, high = arm["accuracy"]["ci95"]
        shown = (
            f'{100 * arm["accuracy"]["value"]:.1f} <span class="interval">[{100 * low:.1f}, {100 * high:.1f}]</span>'
        )
        assert shown in page
    for name, stage in metrics["stages"].items():
        assert f'<th scope="row">{name}</th><td class="number">{stage["in"]:,}</td>' in page


def test_every_chart_has_a_name_and_its_figures(big_page: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", big_page, re.DOTALL)
    assert len(charts) > 8
    for chart in charts:
        assert 'role="img"' in chart
        assert re.search(r"<title>[^<]+</title><desc>[^<]+</desc>", chart)
        assert "<script" not in chart
    assert Page(big_page).elements["table"] >= len(charts)


def test_the_policy_allows_the_stylesheet_and_nothing_else(big_page: str) -> None:
    css = re.search(r"<style>(.*?)</style>", big_page, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', big_page)
    assert css
    assert policy
    digest = base64.b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    allowed = policy[1].replace("&#39;", "'")
    assert allowed == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    page = Page(big_page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.elements)
    assert not [name for name in page.attributes if name.startswith("on") or name in ("style", "src")]
    assert all(target.startswith("#") for target in page.attributes["href"])
    assert "url(" not in css[1]
    assert "@import" not in css[1]


def test_no_text_becomes_markup(tmp_path: Path, big_page: str) -> None:
    hostile = Page(make_hostile_run(tmp_path, shown=30))
    harmless = Page(big_page)
    assert set(hostile.elements) <= set(harmless.elements) | {"code", "mspace", "mtext", "mo", "mi", "none"}
    assert all(target.startswith("#") for target in hostile.attributes["href"])
    assert not [name for name in hostile.attributes if name.startswith("on") or name in ("style", "src")]
    text = "".join(hostile.text)
    assert not set(text) & {"\u202e", "\u2066", "\x1b", "\x00", "\x07", "\u2028"}
    assert "\\x202e" in text


def test_the_page_stays_small_whatever_texts_hold(tmp_path: Path) -> None:
    page = make_hostile_run(tmp_path, shown=30, texts=["$x_{1}$" * 500, "<" * 3000, "\u202e" * 3000])
    assert len(page.encode()) < 5_000_000
    assert "characters left out" in page
    assert "left out, to keep this page small" in page
