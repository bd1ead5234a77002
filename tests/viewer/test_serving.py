"""`supercorrect view` as it is started: what it needs, what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from made_runs import make_run
from supercorrect.errors import InputError
from supercorrect.progress import Reporter
from supercorrect.viewer import view


def test_it_serves_until_a_signal_and_writes_nothing_into_the_run(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run").root
    before = sorted(path.name for path in folder.rglob("*"))
    command = [sys.executable, "-m", "supercorrect", "view", str(folder), "--port", "0", "--no-browser"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        address = process.stderr.readline().split()[0]
        with urlopen(f"{address}/runs/0") as response:
            assert response.status == 200
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
        assert "Traceback" not in process.stderr.read()
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert list((tmp_path / "cache").rglob("*.sqlite"))


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected .*recipe\.yaml"):
        view([tmp_path], port=0, reviewer=None, browser=False, reporter=Reporter(quiet=True))


def test_a_port_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = make_run(tmp_path / "run").root
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="choose another"):
            view([folder], port=taken.getsockname()[1], reviewer=None, browser=False, reporter=Reporter(quiet=True))
