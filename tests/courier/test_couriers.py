"""Runs, couriers and both are killed; the server's ledger says what was paid for twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from teacher_throughput import children

from asking_runs import CONCURRENCY, Run, mock_teacher, undisturbed
from supercorrect.config import EndpointConfig, SamplingConfig
from supercorrect.courier.launch import ensure_launched
from supercorrect.courier.ledger import Answer, create_ledger, write_answer
from supercorrect.errors import SuperCorrectError
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.sandbox.server import Messages, MockOptions, running_app
from supercorrect.store import RequestStore

SLOW = MockOptions(latency_seconds=0.6)


def kill(process: subprocess.Popen[str]) -> int:
    """Kill a run, and return when it is gone; the process id of its courier."""
    [courier] = children(process.pid)
    process.kill()
    process.communicate()
    return courier


def is_gone(pid: int) -> bool:
    """Whether a process has ended, be it still waited for by whoever has to."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_gone(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_what_was_under_way_is_answered_and_taken_in(tmp_path: Path) -> None:
    with mock_teacher(SLOW) as mock:
        run = Run(tmp_path, mock, 40)
        process = run.begin_and_wait_for(CONCURRENCY)
        began_seconds = time.monotonic()
        courier = kill(process)  # which holds no pipe of the run's
        assert time.monotonic() - began_seconds < 1
        assert len(run.late()) == 1
        assert run.finish() == undisturbed(run.hashes())
        assert run.repeats() == 0 and run.late() == []
        wait_until_gone(courier)


def test_it_can_be_taken_in_long_after(tmp_path: Path) -> None:
    with mock_teacher(SLOW) as mock:
        run = Run(tmp_path, mock, 40)
        wait_until_gone(kill(run.begin_and_wait_for(CONCURRENCY)))
        assert run.finish() == undisturbed(run.hashes())
        assert run.repeats() == 0 and run.late() == []


def test_a_run_killed_again_while_it_waits_loses_nothing(tmp_path: Path) -> None:
    with mock_teacher(SLOW) as mock:
        run = Run(tmp_path, mock, 40)
        run.begin_and_wait_for(CONCURRENCY).kill()
        for _ in range(3):
            process = run.begin()
            time.sleep(0.8)
            process.kill()
            process.communicate()
        assert run.finish() == undisturbed(run.hashes())
        assert run.repeats() == 0 and run.late() == []


def test_a_run_goes_on_without_the_courier_that_was_killed(tmp_path: Path) -> None:
    with mock_teacher(SLOW) as mock:
        run = Run(tmp_path, mock, 60)
        process = run.begin_and_wait_for(CONCURRENCY)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate()
        assert process.returncode == 0, errors
        assert (tmp_path / "data.jsonl").read_bytes() == undisturbed(run.hashes())
        assert run.repeats() <= CONCURRENCY  # what it had under way
        run.finish()
        assert run.late() == []


def test_where_both_are_killed_what_was_under_way_is_asked_again(tmp_path: Path) -> None:
    """As when a container ends."""
    with mock_teacher(SLOW) as mock:
        run = Run(tmp_path, mock, 40)
        process = run.begin_and_wait_for(CONCURRENCY)
        [courier] = children(process.pid)
        os.kill(courier, signal.SIGSTOP)
        process.kill()
        os.kill(courier, signal.SIGKILL)
        process.communicate()
        assert run.finish() == undisturbed(run.hashes())
        assert 0 < run.repeats() <= CONCURRENCY and run.late() == []


def test_a_signal_to_all_of_a_job_lets_the_run_drain(tmp_path: Path) -> None:
    with mock_teacher(SLOW) as mock:
        run = Run(tmp_path, mock, 40)
        process = run.begin_and_wait_for(CONCURRENCY)
        for pid in (*children(process.pid), process.pid):
            os.kill(pid, signal.SIGTERM)
        process.communicate()
        assert process.returncode == 128 + signal.SIGTERM
        assert len(run.committed()) == len(mock.ledger) and run.late() == []
        run.finish()
        assert run.repeats() == 0


def test_a_courier_whose_run_is_gone_can_be_ended(tmp_path: Path) -> None:
    with mock_teacher(MockOptions(latency_seconds=20)) as mock:
        courier = kill(Run(tmp_path, mock, 40).begin_and_wait_for(CONCURRENCY))
        time.sleep(0.5)
        os.kill(courier, signal.SIGTERM)
        wait_until_gone(courier, seconds=2)


def test_an_answer_with_the_key_in_it_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of sixteen answers has it, as a hostile server would send it back."""
    monkeypatch.setenv("TEACHER_KEY", "sk-canary-key")

    def answer(messages: Messages) -> str:
        question = messages[-1]["content"]
        return f"{question}: the key is sk-canary-key" if question == "Problem 3" else f"{question}: four"

    with mock_teacher(SLOW, answer) as mock:
        run = Run(tmp_path, mock, 20, key="TEACHER_KEY")
        wait_until_gone(kill(run.begin_and_wait_for(CONCURRENCY)))
        [late] = run.late()
        assert late.read_text().count(": four") == CONCURRENCY - 1 and "canary" not in late.read_text()
        assert late.stat().st_mode & 0o077 == 0
        run.finish()
        assert run.repeats() == 1 and run.late() == []


class Server:
    """Answers "four" to anything, with headers of its own choice; `headers` are those of each request.

    Args:
        never: How many requests get no answer first.
    """

    def __init__(self, seconds: float = 0.0, *, echo: bool = False, never: int = 0) -> None:
        self.headers: list[dict[str, str]] = []
        self._seconds, self._echo, self._never = seconds, echo, never

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await asyncio.sleep(60 if len(self.headers) <= self._never else self._seconds)
        answer = {"message": {"content": "four"}, "finish_reason": "stop"}
        response = JSONResponse({"choices": [answer], "model": "mock"})
        if self._echo:
            said = self.headers[-1].get("authorization", "")
            response.raw_headers += [(b"x-note", "é".encode("latin-1")), (b"set-cookie", said.encode())]
        await response(scope, receive, send)


def test_a_proxy_of_the_environment_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the courier, and it is told no more than the endpoint is to know."""
    proxy = Server()
    with running_app(proxy) as url:
        monkeypatch.setenv("HTTP_PROXY", url.removesuffix("/v1"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        Run(tmp_path, SimpleNamespace(url="http://teacher.invalid/v1"), 1).finish()
    [headers] = proxy.headers
    assert headers["host"] == "teacher.invalid" and not [name for name in headers if "supercorrect" in name]


def test_no_header_of_an_answer_is_written_down_or_ends_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever bytes it is of: a key, a cookie, an é."""
    monkeypatch.setenv("TEACHER_KEY", "sk-canary-key")
    server = Server(seconds=0.6, echo=True)
    with running_app(server) as url:
        run = Run(tmp_path, SimpleNamespace(url=url), 10, key="TEACHER_KEY")
        process = run.begin()
        while len(server.headers) < 10:
            time.sleep(0.01)
        wait_until_gone(kill(process))
        [late] = run.late()
        assert late.read_text().count("four") == 10 and "canary" not in late.read_text()
        run.finish()
        run.count = 20
        run.finish()
    assert len(server.headers) == 20 and run.late() == []


def test_a_request_that_has_to_be_made_again_has_all_its_time(tmp_path: Path) -> None:
    """Though the run has waited until the courier of the run before gave up."""
    server = Server(seconds=1.5, never=1)
    with running_app(server) as url:
        run = Run(tmp_path, SimpleNamespace(url=url), 1, timeout_seconds=2)
        process = run.begin()
        while not server.headers:
            time.sleep(0.01)
        process.kill()
        process.communicate()
        run.finish()
    assert len(server.headers) == 2 and run.late() == []


def test_a_signal_ends_a_run_that_only_waits_for_the_run_before(tmp_path: Path) -> None:
    with mock_teacher(MockOptions(latency_seconds=5)) as mock:
        run = Run(tmp_path, mock, CONCURRENCY)
        run.begin_and_wait_for(CONCURRENCY).kill()
        process = run.begin()
        time.sleep(1.5)
        process.terminate()
        began_seconds = time.monotonic()
        process.communicate()
        assert process.returncode == 128 + signal.SIGTERM and time.monotonic() - began_seconds < 2
        assert run.finish() == undisturbed(run.hashes())
        assert run.repeats() == 0 and run.late() == []


def test_what_a_killed_run_had_kept_but_not_removed_is_removed(tmp_path: Path) -> None:
    """Also by a run that has nothing left to ask."""
    with mock_teacher(MockOptions()) as mock:
        run = Run(tmp_path, mock, 2)
        run.finish()
        path, descriptor = create_ledger(tmp_path / "store.sqlite")
        write_answer(descriptor, Answer(f"{sorted(run.committed())[0]}/1024", "{}"))
        os.close(descriptor)
        assert run.late() == [path]
        run.finish()
        assert run.late() == [] and run.repeats() == 0


def test_a_machine_that_can_start_no_process_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("supercorrect.courier.launch._launched", None)
    monkeypatch.setattr("subprocess.Popen", refused)
    with pytest.raises(SuperCorrectError, match="cannot be started: Resource temporarily unavailable"):
        ensure_launched()


def test_a_courier_that_cannot_work_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not taken for a teacher that is not there."""
    monkeypatch.setattr("supercorrect.courier.launch._launched", None)
    monkeypatch.setattr("supercorrect.courier.launch._COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    endpoint = EndpointConfig(model="mock", base_url="http://127.0.0.1:9/v1", api_key_env=None)
    request = ChatRequest((("user", "four?"),), SamplingConfig())
    with (
        RequestStore(tmp_path / "store.sqlite") as store,
        pytest.raises(SuperCorrectError, match=r"carries requests ended with code 3; `.*SystemExit.*` says why"),
    ):
        OpenAICompatibleModel("teacher", endpoint, store).ask_all([request])
    assert list(tmp_path.glob("*-late-*")) == []
