"""A whole run with no way out of this machine, and with keys that must stand nowhere afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from load import served
from small_runs import SANDBOX, SMALL

GUARD = """
import os, sys
LOCAL = ("127.0.0.1", "::1", "localhost", "", "0.0.0.0", None)

def watch(event, arguments):
    where = None
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        where = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        where = arguments[0]
    where = where.decode() if isinstance(where, bytes) else where
    if where not in LOCAL:
        with open(os.environ["WENT_OUT"], "a") as file:
            file.write(f"{event} {where} {sys.argv}\\n")
        raise PermissionError(f"no way out of this machine: {event} {where}")

sys.addaudithook(watch)
"""
CANARIES = {
    "TEACHER_KEY": "sk-canary-teacher",
    "OPENAI_API_KEY": "sk-canary-openai",
    "HF_TOKEN": "hf_canary_token",
    "WANDB_API_KEY": "canary-wandb",
}


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    """An environment in which every Python process is kept on this machine, and every key is a canary."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    path = os.pathsep.join([str(tmp_path / "guard"), *filter(None, [os.environ.get("PYTHONPATH")])])
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ.pop(name, None)
    home = {"HOME": str(tmp_path / "home"), "HF_HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home")}
    return {**os.environ, "PYTHONPATH": path, "WENT_OUT": str(tmp_path / "went_out"), **home, **CANARIES}


def supercorrect(environment: dict[str, str], *arguments: str | Path, code: int = 0) -> str:
    command = [sys.executable, "-m", "supercorrect", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=1800, check=False)
    assert ended.returncode == code, ended.stderr[-3000:]
    return ended.stdout + ended.stderr


def test_the_guard_sees_who_goes_out(guarded: dict[str, str]) -> None:
    code = "import urllib.request; urllib.request.urlopen('http://example.invalid/')"
    ended = subprocess.run([sys.executable, "-c", code], env=guarded, capture_output=True, text=True, check=False)
    assert "no way out of this machine" in ended.stderr
    assert "example.invalid" in Path(guarded["WENT_OUT"]).read_text()


def test_what_needs_no_run_needs_no_network(guarded: dict[str, str], tmp_path: Path) -> None:
    supercorrect(guarded, "validate", SANDBOX)
    supercorrect(guarded, "estimate", SANDBOX, *SMALL)
    (tmp_path / "texts.jsonl").write_text('{"id": "a", "text": "<Step1> b </Step1> <Answer> 1 </Answer>"}\n')
    supercorrect(guarded, "parse", "thought", tmp_path / "texts.jsonl", "--output", tmp_path / "parsed.jsonl")
    (tmp_path / "answers.jsonl").write_text('{"id": "a", "reference_answer": "1", "answer": "1"}\n')
    supercorrect(guarded, "grade", tmp_path / "answers.jsonl", "--output", tmp_path / "graded.jsonl")
    assert not Path(guarded["WENT_OUT"]).exists()


@pytest.mark.slow
def test_a_whole_run_goes_nowhere_and_keeps_its_keys(guarded: dict[str, str], tmp_path: Path) -> None:
    """S4 and S10: key, user and password stand in no file, no log, no page, no line on the terminal."""
    run = tmp_path / "run"
    with served("mock-teacher", "--port", "8722", "--faults", "server_error=0.05,broken_json=0.05") as (_, address):
        url = address.replace("http://", "http://canary-user:canary-pass@")
        teacher = f"teacher={{model: oracle, base_url: '{url}/v1', api_key_env: TEACHER_KEY}}"
        said = supercorrect(guarded, "run", SANDBOX, *SMALL, teacher, f"output_dir={run}")
    wrong = f"teacher.base_url={url.replace('canary-pass', 'canary-other')}/v1"
    gone = supercorrect(
        guarded, "run", SANDBOX, *SMALL, teacher, wrong, f"output_dir={tmp_path / 'second'}", "--until=thoughts", code=1
    )
    said += gone + supercorrect(guarded, "verify", run) + supercorrect(guarded, "status", run)
    said += supercorrect(guarded, "replay", run) + supercorrect(guarded, "export", run, "--output", tmp_path / "out")
    assert not Path(guarded["WENT_OUT"]).exists(), Path(guarded["WENT_OUT"]).read_text()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "guard" not in path.parts]
    told = {str(path): path.read_bytes().decode("latin-1") for path in files} | {"terminal": said}
    hits = [place for place, text in told.items() if re.search("canary", text)]
    print(f"{len(told)} places looked through, {len(hits)} hits")
    assert hits == []
