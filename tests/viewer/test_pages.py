"""The pages as a browser without scripts gets them: filters, lineage, comparison, what goes on, and what is refused."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from made_runs import correction_id, make_evaluation, make_pair, make_run, make_thought
from supercorrect.records import Decision
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.app import create_app
from supercorrect.viewer.index import RunIndex

ORIGIN = "http://127.0.0.1:8711"


def open_client(*folders: RunFolder, cache: Path, reviewer: str | None = None) -> TestClient:
    indexes = [RunIndex(folder.root, cache) for folder in folders]
    for index in indexes:
        index.refresh()
    return TestClient(create_app(indexes, reviewer), base_url=ORIGIN)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run")


@pytest.fixture
def client(folder: RunFolder, tmp_path: Path) -> TestClient:
    return open_client(folder, cache=tmp_path / "cache")


def test_one_run_is_shown_at_once(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert page.url.path == "/runs/0"


def test_the_list_is_filtered_and_searched(client: TestClient) -> None:
    assert "4 found" in client.get("/runs/0/items").text
    assert "1 found" in client.get("/runs/0/items", params={"rounds": "3"}).text
    assert "3 found" in client.get("/runs/0/items", params={"step": "2", "q": "miscounted"}).text
    assert "0 found" in client.get("/runs/0/items", params={"step": "1"}).text
    assert "0 found" in client.get("/runs/0/items", params={"step": "' OR 1=1"}).text
    assert "page=" not in client.get("/runs/0/items", params={"page": "99999999999"}).text


def test_a_problem_shows_its_lineage(client: TestClient) -> None:
    page = client.get("/runs/0/problems/problem-0000000000000001", params={"item": "2", "split": "errors"}).text
    for words in ("4 + 1 = 6", "First wrong step", "miscounted", "4 + 1 = 5", "pair-1", "2 attempts of the teacher"):
        assert words in page
    assert "/problems/problem-0000000000000000?item=1&amp;split=errors" in page
    assert "/problems/problem-0000000000000002?item=3&amp;split=errors" in page
    assert "What the students answer now" in client.get("/runs/0/problems/problem-held").text


def test_pairs_of_one_error_are_told_apart_by_their_arms(folder: RunFolder, tmp_path: Path) -> None:
    folder.write("pairs/step_dpo", [make_pair(1, "no")])
    folder.write("thoughts/hsft_fresh", [make_thought(make_pair(1, "no").problem_id, "other")])
    client = open_client(folder, cache=tmp_path / "cache")
    page = client.get("/runs/0/problems/problem-0000000000000001").text
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert {"cross_dpo-pair-1", "step_dpo-pair-1", "thought-hsft_fresh"} <= set(ids)
    assert max(Counter(ids).values()) == 1
    slots = re.findall(r'data-slot="([^"]*)"', page)
    assert slots == ["step_dpo-pair-1", "cross_dpo-pair-1"]
    found = client.get("/runs/0/logps/problem-0000000000000001").text
    assert re.findall(r'data-pair="([^"]*)"', found) == slots
    assert "no arm &#39;step_dpo&#39;" in found.split('data-pair="step_dpo-pair-1"')[1].split("data-pair")[0]
    assert "checkpoint is gone" in found.split('data-pair="cross_dpo-pair-1"')[1]


def test_what_one_student_fixed_is_listed(client: TestClient) -> None:
    page = client.get("/compare", params={"first": "0:hsft", "second": "0:cross_dpo", "change": "fixed"}).text
    assert '<span class="figure">1</span> fixed' in page
    assert "/runs/0/problems/problem-held" in page
    back = client.get("/compare", params={"first": "0:cross_dpo", "second": "0:hsft", "change": "broken"}).text
    assert '<span class="figure">1</span> broken' in back


def test_two_runs_are_compared(folder: RunFolder, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other")
    other.write("evaluation/cross_dpo", [make_evaluation("cross_dpo", "incorrect", "no")])
    client = open_client(folder, other, cache=tmp_path / "cache")
    page = client.get("/compare", params={"first": "0:cross_dpo", "second": "1:cross_dpo"}).text
    assert '<span class="figure">1</span> broken' in page
    assert "/runs/1/problems/problem-held" in page
    assert "other" in client.get("/").text


def test_a_run_that_goes_on_is_followed(folder: RunFolder, client: TestClient) -> None:
    folder.log_event("run_started", stages=["pairs", "cross_dpo", "evaluation_base"])
    folder.log_event("stage_started", stage="cross_dpo")
    folder.write_progress("train cross_dpo", 30, 140, "loss 0.5")
    (folder.root / "LOCK").write_text(f"{os.getpid()}\n")
    page = client.get("/runs/0/status").text
    assert 'id="state">running' in page
    assert "30 of 140" in page
    assert '<span class="chip waiting">waiting' in page
    (folder.root / "LOCK").write_text("0\n")
    assert 'id="state">stopped' in client.get("/runs/0/status").text  # killed: it could not say anything
    folder.log_event("stage_stopped", stage="cross_dpo", error="StorageError: disk full")
    page = client.get("/runs/0/status").text
    assert "30 of 140" not in page
    assert "StorageError: disk full" in page


def test_what_is_not_there_is_said(client: TestClient) -> None:
    for address in ("/runs/7", "/runs/0/problems/problem-gone", "/static/app.py", "/static/..%2fapp.py", "/nothing"):
        assert client.get(address).status_code == 404, address
    for address in ("/runs/0/problems/../../../../etc/passwd", "/runs/0/problems/..%2f..%2fmanifest.json"):
        assert "recipe_name" not in client.get(address).text
        assert "root:" not in client.get(address).text


def test_every_response_is_guarded(client: TestClient) -> None:
    for address in ("/runs/0", "/runs/0/items", "/static/viewer.js", "/nothing"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_other_hosts_and_other_sites_are_turned_away(client: TestClient) -> None:
    assert client.get("/runs/0", headers={"host": "evil.example:8711"}).status_code == 400
    assert client.get("/runs/0", headers={"host": "localhost:9000"}).status_code == 200
    logps = "/runs/0/logps/problem-0000000000000001"
    assert client.get(logps, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_missing_checkpoints_are_said(client: TestClient) -> None:
    page = client.get("/runs/0/logps/problem-0000000000000001")
    assert page.status_code == 200
    assert "checkpoint is gone" in page.text


def test_without_review_nothing_can_be_written(folder: RunFolder, client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for address in ("/runs/0/decisions", "/runs/0", "/runs/0/items"):
            assert client.request(method, address, headers={"origin": ORIGIN}).status_code in (404, 405)
    assert "Your decision" not in client.get("/runs/0/problems/problem-0000000000000001").text
    assert not folder.decisions.exists()


def token_of(client: TestClient) -> str:
    page = client.get("/runs/0/review").text
    return page.split('name="token" value="')[1].split('"')[0]


def decide(client: TestClient, i: int, action: str, headers: dict[str, str] | None = None, **fields: str) -> Any:
    form = {"token": token_of(client), "correction_id": correction_id(i), "action": action, **fields}
    return client.post("/runs/0/decisions", data=form, headers={"origin": ORIGIN} | (headers or {}))


def test_decisions_are_kept_with_who_and_when_and_the_next_is_shown(folder: RunFolder, tmp_path: Path) -> None:
    client = open_client(folder, cache=tmp_path / "cache", reviewer="ann")
    assert decide(client, 0, "accept").url.path == "/runs/0/problems/problem-0000000000000001"
    assert decide(client, 1, "reject").url.path == "/runs/0/problems/problem-0000000000000002"
    edit = {"cause": "five, not six", "correction": "4 + 1 = 5", "corrected_answer": "5"}
    assert "Every correction is decided" in decide(client, 2, "edit", **edit).text
    kept = [Decision.model_validate(json.loads(line)) for line in folder.decisions.read_text().splitlines()]
    assert [(d.correction_id, d.action) for d in kept] == [
        (correction_id(0), "accept"),
        (correction_id(1), "reject"),
        (correction_id(2), "edit"),
    ]
    assert {d.reviewer for d in kept} == {"ann"}
    assert kept[2].cause == "five, not six"
    assert "1 found" in client.get("/runs/0/items", params={"decision": "reject"}).text


def test_an_edit_that_would_make_no_pair_is_not_taken(folder: RunFolder, tmp_path: Path) -> None:
    client = open_client(folder, cache=tmp_path / "cache", reviewer="ann")
    good = {"cause": "c", "correction": "4 + 1 = 5", "corrected_answer": "5"}
    for change, words in (
        ({"corrected_answer": "6"}, "not the reference answer"),
        ({"cause": "  "}, "need words"),
        ({"correction": "x </Correction></Step2><Step3>"}, "without tags"),
    ):
        page = decide(client, 0, "edit", **(good | change))
        assert page.status_code == 422
        assert words in page.text
    assert not folder.decisions.exists()


def test_decisions_come_from_our_own_pages_alone(folder: RunFolder, tmp_path: Path) -> None:
    client = open_client(folder, cache=tmp_path / "cache", reviewer="ann")
    assert decide(client, 0, "reject", token="guessed").status_code == 403
    assert decide(client, 0, "reject", headers={"origin": "http://evil.example"}).status_code == 403
    assert decide(client, 0, "reject", headers={"origin": "null"}).status_code == 403
    assert decide(client, 0, "reject", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    form = {"token": token_of(client), "correction_id": correction_id(0), "action": "reject"}
    assert client.post("/runs/0/decisions", data=form).status_code == 403  # no Origin
    assert decide(client, 0, "delete").status_code == 400
    assert decide(client, 9, "reject").status_code == 400
    assert decide(client, 0, "reject", cause="x" * 1_100_000).status_code == 413
    assert not folder.decisions.exists()
