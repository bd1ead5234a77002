"""The viewer in a browser: what a person does with it, what a hostile text cannot do, and who can use it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from injections import INJECTIONS
from made_runs import correction_id, make_run
from small_runs import REPOSITORY, small_recipe
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import Pair
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.app import create_app
from supercorrect.viewer.index import RunIndex

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium")
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MILLISECONDS = 120_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


class Watched:
    """A page whose every request, console error and dialog is written down."""

    def __init__(self, browser: Any, address: str) -> None:
        self.address = address
        self.faults: list[str] = []
        context = browser.new_context()
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page = context.new_page()
        self.page.on("console", lambda message: self._fault("console", message.text, message.type == "error"))
        self.page.on("pageerror", lambda error: self._fault("error", str(error), True))
        self.page.on("dialog", lambda dialog: (self._fault("dialog", dialog.message, True), dialog.dismiss()))
        self.page.on("request", lambda request: self._fault("request", request.url, not self._is_ours(request.url)))

    def go(self, path: str) -> Any:
        self.page.goto(self.address + path)
        return self.page

    def _is_ours(self, url: str) -> bool:
        return url.startswith(self.address + "/")

    def _fault(self, kind: str, text: str, is_one: bool) -> None:
        if is_one:
            self.faults.append(f"{kind}: {text}")


@contextmanager
def serving(*folders: RunFolder, cache: Path, reviewer: str | None = None) -> Iterator[str]:
    """Serve runs from a thread; yields the address."""
    indexes = [RunIndex(folder.root, cache) for folder in folders]
    for index in indexes:
        index.refresh()
    app = create_app(indexes, reviewer)
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def copied(small_run: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))


def test_from_the_list_to_a_pair(browser: Any, small_run: Path, tmp_path: Path) -> None:
    with serving(RunFolder(small_run), cache=tmp_path) as address:
        watched = Watched(browser, address)
        page = watched.go("/")
        page.get_by_role("link", name="Problems").click()
        page.get_by_label("Verdict").select_option("incorrect")
        page.wait_for_url("**verdict=incorrect*")
        page.get_by_label("Stage reached").select_option("pairs")
        page.wait_for_url("**reached=pairs*")
        page.get_by_label("Search").fill("starts at")
        page.get_by_label("Search").press("Enter")
        page.wait_for_url("**q=starts*")
        pairs = RunFolder(small_run).read("pairs/train", Pair)
        paired = {pair.solution_id for pair in pairs if pair.correction_id is not None}
        assert page.locator("#found").inner_text().startswith(f"{len(paired)} found")
        page.locator("table.list a").first.click()
        assert page.locator(".step.wrong").count() == 1
        assert page.locator(".said.teacher").first.is_visible()
        assert page.locator("details.pair .said.chosen").first.is_visible()
        page.locator("a[data-part=logps]").first.click()
        page.wait_for_selector(".strip .token")
        first = page.url
        page.keyboard.press("j")
        page.wait_for_url(lambda url: url != first)
        assert watched.faults == []


def test_two_runs_side_by_side(browser: Any, small_run: Path, tmp_path: Path) -> None:
    with serving(RunFolder(small_run), copied(small_run, tmp_path), cache=tmp_path / "cache") as address:
        watched = Watched(browser, address)
        page = watched.go("/compare")
        page.get_by_label("From").select_option("0:base")
        page.wait_for_url("**first=0%3Abase*")
        page.get_by_label("To").select_option("1:hsft")
        page.wait_for_url("**second=1%3Ahsft*")
        counts = [int(text) for text in page.locator(".change .figure").all_inner_texts()]
        assert sum(counts) == 16
        page.locator(".change.both_wrong").click()
        page.locator("ol.list a").first.click()
        assert page.get_by_role("heading", name="What the students answer now").is_visible()
        assert watched.faults == []


def test_an_edit_is_made_with_the_keyboard_and_the_pair_stage_uses_it(
    browser: Any, small_run: Path, tmp_path: Path
) -> None:
    folder = copied(small_run, tmp_path)
    with serving(folder, cache=tmp_path / "cache", reviewer="ann") as address:
        watched = Watched(browser, address)
        page = watched.go("/runs/0/review")
        correction = page.locator("input[name=correction_id]").input_value()
        page.keyboard.press("e")
        page.keyboard.press("Control+A")
        page.keyboard.type("without plus without")  # words that the student knows
        page.keyboard.press("Control+Enter")
        page.wait_for_function("id => !document.getElementById(id)", arg=correction)
        page.keyboard.press("r")
        page.wait_for_function("() => document.readyState === 'complete'")
        page.wait_for_url("**/problems/**")
        assert watched.faults == []
    Pipeline(small_recipe(folder.root), Reporter(quiet=True)).run(until="pairs")
    reviews = [
        p for p in folder.read("pairs/train", Pair) if p.correction_id == correction and p.layout == "correction"
    ]
    assert reviews
    assert all("<Cause> without plus without </Cause>" in pair.chosen for pair in reviews)
    assert folder.read_manifest().stages["pairs"].rejected["review_rejected"] > 0


def test_a_hostile_text_runs_nothing_and_is_shown(browser: Any, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run" / "<img src=x onerror=alert(1)>", "\n".join(INJECTIONS))
    with serving(folder, cache=tmp_path / "cache", reviewer="<script>alert(2)</script>") as address:
        watched = Watched(browser, address)
        for path in (
            "/runs/0",
            "/runs/0/items?q=%3Cscript%3Ealert(3)%3C/script%3E&topic=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(4)%3E",
            "/runs/0/items",
            "/runs/0/problems/problem-0000000000000001",
            "/runs/0/problems/problem-held",
            "/runs/0/review",
            "/compare?change=fixed",
            "/compare?answer=%3Cscript%3E",
        ):
            page = watched.go(path)
            page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
            assert page.evaluate("window.hit") is None
            assert page.locator("script:not([src='/static/viewer.js'])").count() == 0
            assert page.locator("iframe, object, embed, base, form[action*=evil], a[href^=javascript]").count() == 0
        shown = watched.go("/runs/0/problems/problem-0000000000000001").locator("main").inner_text()
        assert sum(line.strip() in shown for line in INJECTIONS if line.isprintable()) > 80
        assert "\u202e" not in shown
        assert "\\x202e" in shown
        assert watched.faults == []


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: npm install axe-core, in the repository")
def test_axe_finds_no_serious_fault(browser: Any, small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(small_run)
    paired = folder.read("pairs/train", Pair)[0].problem_id
    with serving(folder, cache=tmp_path, reviewer="ann") as address:
        for scheme in ("light", "dark"):
            for path in ("/runs/0", "/runs/0/items?verdict=incorrect", f"/runs/0/problems/{paired}", "/compare"):
                page = Watched(browser, address).go(path)
                page.emulate_media(color_scheme=scheme)
                page.evaluate(AXE.read_text(encoding="utf-8"))
                found = page.evaluate("axe.run().then(result => result.violations)")
                serious = [v for v in found if v["impact"] in ("serious", "critical")]
                assert serious == [], [(path, v["id"], [n["html"] for n in v["nodes"]][:3]) for v in serious]


def test_pages_work_without_scripts(browser: Any, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    with serving(folder, cache=tmp_path / "cache", reviewer="ann") as address:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(f"{address}/runs/0/items")
        page.get_by_label("Rounds with the teacher").select_option("3")
        page.get_by_role("button", name="Show").click()
        page.locator("table.list a").first.click()
        page.get_by_role("button", name="Reject").click()
        page.wait_for_url("**/problems/**")
    assert correction_id(2) in folder.decisions.read_text()
