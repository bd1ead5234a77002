"""`supercorrect serve` as it is started: the tokens of `solve`, and an end that loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import openai
import pytest

from supercorrect.errors import ConfigError, InputError
from supercorrect.listening import listening
from supercorrect.serving.running import Address

CLIENTS = 12


def in_flight(url: str) -> int:
    with urlopen(url.replace("/v1", "/health"), timeout=60) as response:
        return int(json.loads(response.read())["in_flight"])


def test_it_writes_what_solve_writes_and_finishes_what_has_begun(small_run: Path) -> None:
    model = str(small_run / "checkpoints" / "hsft" / "model")
    problems = (small_run / "data" / "problems" / "held_out.jsonl").read_text().splitlines()[:CLIENTS]
    command = [sys.executable, "-m", "supercorrect"]
    solving = [*command, "solve", "--model", model, "--input", "-", "--self-correct", "--json"]
    read = "\n".join(problems)
    solved = subprocess.run(solving, input=read, capture_output=True, text=True, timeout=600, check=True).stdout
    expected = [json.loads(line) for line in solved.splitlines()]
    assert len(expected) == CLIENTS
    serving = [*command, "serve", "--model", model, "--port", "0"]
    with subprocess.Popen(serving, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[0]
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)

        def ask(row: dict[str, Any]) -> Any:
            completion = client.chat.completions.create(
                model="student+correct",
                messages=[{"role": "user", "content": row["problem"]}],
                extra_body={"include_trace": True},
            )
            return completion.choices[0].message.model_extra["trace"]

        with ThreadPoolExecutor(CLIENTS) as executor:
            first = executor.submit(ask, expected[0])
            assert first.result() == expected[0]
            asked = [executor.submit(ask, row) for row in expected]
            while in_flight(url) + sum(one.done() for one in asked) < CLIENTS:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert [one.result() for one in asked] == expected
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_port_in_use_is_named() -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="choose another"), listening("127.0.0.1", port):
            pass


def test_a_key_that_is_asked_for_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVER_KEY", raising=False)
    with pytest.raises(ConfigError, match="SERVER_KEY"):
        Address("127.0.0.1", 0, "SERVER_KEY").guards()
    monkeypatch.setenv("SERVER_KEY", " sesame ")
    guards = Address("127.0.0.1", 0, "SERVER_KEY").guards()
    assert guards.api_key == "sesame"
    assert guards.hosts and "sesame" not in repr(guards)
    assert Address("0.0.0.0", 0).guards().hosts is None
