"""What stands in the way of a run is named with its fix, and no key is ever shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from small_runs import SANDBOX, small_recipe
from supercorrect.cli import app
from supercorrect.config import Recipe
from supercorrect.doctor import Finding, examine, machine
from supercorrect.models.endpoint import Access
from supercorrect.models.probing import Probe
from supercorrect.sandbox.server import MockOptions, create_app, running_app

KEY = "sk-canary-of-the-doctor"


@pytest.fixture
def url() -> Iterator[str]:
    options = MockOptions(model="mock", api_key=KEY)
    with running_app(create_app(lambda messages: "yes", options)) as address:
        yield address


def recipe_at(folder: Path, url: str, *more: str) -> Recipe:
    teacher = f"teacher={{model: mock, base_url: '{url}', api_key_env: DOCTOR_KEY}}"
    return small_recipe(folder, teacher, *more)


def found(findings: list[Finding], what: str) -> Finding:
    [one] = [finding for finding in findings if finding.what == what]
    return one


def test_the_sandbox_can_run_here(tmp_path: Path) -> None:
    findings = examine(small_recipe(tmp_path))
    assert [finding for finding in findings if finding.state == "problem"] == []
    assert found(findings, "teacher").found.startswith("the recipe starts it with")
    assert found(findings, "Python").found.endswith(sys.executable)


def test_an_endpoint_is_asked_what_it_takes_and_its_key_is_not_shown(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCTOR_KEY", KEY)
    findings = examine(recipe_at(tmp_path, url))
    assert found(findings, "teacher key").found == "DOCTOR_KEY is set"
    assert found(findings, "teacher").state == "ok"
    takes = found(findings, "teacher takes")
    assert takes.state == "ok" and takes.found.endswith("not n, logprobs, continue_final_message, token-id prompts")
    assert KEY not in repr(findings)


def test_a_missing_key_a_wrong_one_and_a_dead_endpoint_stand_in_the_way(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_at(tmp_path, url)
    monkeypatch.delenv("DOCTOR_KEY", raising=False)
    missing = found(examine(recipe), "teacher key")
    assert missing.state == "problem" and missing.fix.startswith("export DOCTOR_KEY=")
    monkeypatch.setenv("DOCTOR_KEY", "sk-wrong")
    wrong = found(examine(recipe), "teacher takes")
    assert wrong.state == "problem" and "HTTP 401" in wrong.found
    monkeypatch.setenv("DOCTOR_KEY", KEY)
    dead = found(examine(recipe_at(tmp_path, "http://127.0.0.1:9/v1")), "teacher")
    assert dead.state == "problem" and "127.0.0.1:9" in dead.found and "base_url" in dead.fix


def test_an_engine_that_is_not_installed_and_a_student_that_is_not_there(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, "student.engine=vllm", f"student.model={tmp_path}/nothing")
    findings = examine(recipe)
    assert found(findings, "vLLM").fix == 'pip install "supercorrect[train,vllm]"'
    assert found(findings, "student").state == "problem"


def test_a_students_server_is_looked_at_like_a_teachers(tmp_path: Path) -> None:
    server = "student.server={serve: [no-such-program, '{model}', '{port}']}"
    findings = examine(small_recipe(tmp_path, "student.engine=openai", server))
    started = found(findings, "student.server")
    assert started.state == "problem" and "no-such-program, which is not installed" in started.found


def test_gpus_are_listed_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = SimpleNamespace(returncode=0, stdout="NVIDIA H100 80GB HBM3, 81559, 80994\n")
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(machine.subprocess, "run", lambda *args, **more: listed)
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    gpus = machine.list_gpus()
    assert [finding.found for finding in machine.look_at_gpus(gpus)] == ["NVIDIA H100 80GB HBM3, 85.5 GB, 84.9 GB free"]
    assert machine.look_at_training().state == "problem"
    assert machine.look_at_vllm(gpus, is_needed=True).state == "problem"


@pytest.mark.parametrize(("free", "state"), [(10**8, "problem"), (10**9, "note"), (10**11, "ok")])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert machine.look_at_disk(tmp_path / "runs" / "mine").state == state


def test_what_a_server_ignores_in_silence_is_found_out() -> None:
    with running_app(create_app(lambda messages: "yes")) as address:
        probe = Probe(Access(address, None, None), "mock")
        assert probe.chats() is None
        assert not (probe.takes_n() or probe.takes_logprobs() or probe.continues() or probe.takes_token_ids())


def test_the_exit_code_says_whether_it_can_run(tmp_path: Path) -> None:
    can = CliRunner().invoke(app, ["doctor", str(SANDBOX), f"output_dir={tmp_path}", "--json"])
    assert can.exit_code == 0 and json.loads(can.stdout)["can_run"] is True
    cannot = CliRunner().invoke(app, ["doctor", str(SANDBOX), f"student.model={tmp_path}/nothing"])
    assert cannot.exit_code == 1 and "PROBLEM" in cannot.stdout
