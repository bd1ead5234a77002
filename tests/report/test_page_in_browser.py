"""The report in a browser: it loads nothing, runs nothing, fits a phone, and can be used by everyone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile_runs import make_hostile_run
from injections import INJECTIONS
from small_runs import REPOSITORY

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 375, "height": 800}
PATIENCE_MILLISECONDS = 120_000
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


def open_report(browser: Any, path: Path, faults: list[str], **settings: Any) -> Any:
    """A page with the report in it; what goes wrong is written to `faults`."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda asked: asked.url == path.as_uri() or faults.append(f"request: {asked.url}"))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_from_disk_without_a_fault(browser: Any, small_run: Path, scheme: str) -> None:
    faults: list[str] = []
    page = open_report(browser, small_run / "report.html", faults, color_scheme=scheme)
    assert page.get_by_role("heading", level=1).inner_text() == "sandbox"
    assert page.get_by_role("img").count() > 5
    page.get_by_role("link", name="Examples").click()
    assert page.locator(".step.wrong").first.is_visible()
    assert faults == []


def test_the_report_fits_a_phone_and_paper(browser: Any, small_run: Path) -> None:
    faults: list[str] = []
    page = open_report(browser, small_run / "report.html", faults, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").is_visible()
    assert page.pdf(format="A4")[:4] == b"%PDF"
    assert faults == []


def test_a_hostile_text_runs_nothing_and_is_shown(browser: Any, tmp_path: Path) -> None:
    make_hostile_run(tmp_path, shown=len(INJECTIONS))
    faults: list[str] = []
    page = open_report(browser, tmp_path / "report.html", faults)
    assert page.evaluate("window.hit") is None
    assert page.locator("script, iframe, object, embed, base, form, img, link, a[href^=javascript]").count() == 0
    shown = " ".join(page.locator("#examples").inner_text().split())
    plain = [text for text in INJECTIONS if text.isprintable() and "$" not in text and "\\[" not in text]
    assert len(plain) > 80
    assert [text for text in plain if " ".join(text.split()) not in shown] == []
    assert "\u202e" not in page.content()
    assert "\\x202e" in shown
    assert faults == []


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install --no-save axe-core, in the repository")
@pytest.mark.parametrize(
    "settings", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 375, "height": 800}}]
)
def test_axe_finds_no_serious_fault(browser: Any, small_run: Path, settings: dict[str, Any]) -> None:
    page = open_report(browser, small_run / "report.html", [], **settings)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    faults = [(v["id"], v["impact"], [node["html"][:200] for node in v["nodes"]][:3]) for v in found]
    assert [fault for fault in faults if fault[1] in ("serious", "critical")] == []
