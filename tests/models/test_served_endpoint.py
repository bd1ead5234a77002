"""A server that is started for a stage ends with it, or with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from supercorrect.config import EndpointConfig
from supercorrect.errors import ConfigError, TeacherUnreachableError
from supercorrect.models import ServedEndpoint

SERVE = """
import os, subprocess, sys
from supercorrect.sandbox.server import create_app, serve_app
child = subprocess.Popen(["sleep", "600"])
open(sys.argv[2], "w").write(f"{os.getpid()} {child.pid}")
serve_app(create_app(lambda messages: "hello"), "127.0.0.1", int(sys.argv[1]))
"""
STAGE = """
import sys, time
from supercorrect.config import EndpointConfig
from supercorrect.models import ServedEndpoint
endpoint = EndpointConfig(model="m", api_key_env=None, serve=tuple(sys.argv[1:]))
with ServedEndpoint("teacher", endpoint):
    print("served", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def pids_path(tmp_path: Path) -> Path:
    return tmp_path / "pids"


@pytest.fixture
def command(pids_path: Path) -> tuple[str, ...]:
    """A server that has a child of its own, and writes down both their pids."""
    return (sys.executable, "-c", SERVE, "{port}", str(pids_path))


def wait_until_gone(pids_path: Path, seconds: float) -> None:
    give_up_seconds = time.monotonic() + seconds
    alive = [int(pid) for pid in pids_path.read_text().split()]
    while alive and time.monotonic() < give_up_seconds:
        alive = [pid for pid in alive if Path(f"/proc/{pid}/cmdline").exists() and is_running(pid)]
        time.sleep(0.05)
    assert not alive


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_lives_as_long_as_the_stage(command: tuple[str, ...], pids_path: Path) -> None:
    endpoint = EndpointConfig(model="m", api_key_env=None, serve=command)
    with ServedEndpoint("teacher", endpoint) as served:
        assert served.base_url is not None and "{port}" not in served.base_url
        with urllib.request.urlopen(f"{served.base_url}/models") as response:
            assert response.status == 200
    wait_until_gone(pids_path, 0.5)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_stage_leaves_no_server(command: tuple[str, ...], pids_path: Path, number: int) -> None:
    stage = subprocess.Popen([sys.executable, "-c", STAGE, *command], stdout=subprocess.PIPE)
    assert stage.stdout is not None and stage.stdout.readline() == b"served\n"
    os.kill(stage.pid, number)
    stage.communicate()
    wait_until_gone(pids_path, 5)


def test_a_server_that_ends_is_told_with_its_last_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "sk-canary")
    script = "import os; print('out of memory', os.environ['TEACHER_KEY']); raise SystemExit(3)"
    endpoint = EndpointConfig(model="m", api_key_env="TEACHER_KEY", serve=(sys.executable, "-c", script))
    with (
        pytest.raises(TeacherUnreachableError, match="ended with code 3") as ended,
        ServedEndpoint("teacher", endpoint),
    ):
        pass
    assert "out of memory [redacted]" in str(ended.value)


def test_a_command_that_is_not_there_is_told() -> None:
    endpoint = EndpointConfig(model="m", api_key_env=None, serve=("no-such-server", "--port", "{port}"))
    with pytest.raises(TeacherUnreachableError, match="no-such-server: No such file"), ServedEndpoint("t", endpoint):
        pass


def test_a_server_that_does_not_answer_in_time_is_stopped(tmp_path: Path) -> None:
    script = f"import os, time; open({str(tmp_path / 'pids')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    endpoint = EndpointConfig(model="m", api_key_env=None, serve=(sys.executable, "-c", script))
    with pytest.raises(TeacherUnreachableError, match="did not answer within 1"):
        ServedEndpoint("teacher", endpoint, timeout_seconds=1).__enter__()
    wait_until_gone(tmp_path / "pids", 0.5)


def test_an_endpoint_that_is_already_there_passes_through() -> None:
    endpoint = EndpointConfig(model="m", base_url="http://127.0.0.1:9/v1")
    with ServedEndpoint("teacher", endpoint) as served:
        assert served is endpoint


def test_a_missing_key_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    endpoint = EndpointConfig(model="m", api_key_env="TEACHER_KEY", serve=("no-such-server",))
    with pytest.raises(ConfigError, match="TEACHER_KEY"), ServedEndpoint("teacher", endpoint):
        pass
