"""A folder in which the commands of a page run: small stand-ins for every file, model and endpoint that pages name.

Recipes are the sandbox cut down to seconds, models its tiny student, endpoints a mock teacher on this machine. No
command reaches any other.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from doc_pages import Block, Command
from labelled_rows import ROWS
from small_runs import REPOSITORY, small_recipe
from supercorrect.sandbox.language import make_problems

COMMAND_SECONDS = 1800
SERVERS = {"view": 8711, "mock-teacher": 8710, "mock-student": 8712, "serve": 8713}
"""Commands that run until they are stopped, and the port that each listens on by itself."""
PARSED_ONLY = ("make", "pip", "docker", "git", "mkdocs")
"""Programs that the pages tell of and a test cannot start; their targets and extras are checked."""
HUB_MODELS = re.compile(r"(?<![\w/])(?:Qwen/[\w.-]+|my/model|MODEL)\b")
OPENAI = "https://api.openai.com/v1"
SPENDING_LIMIT = re.compile(r" --max-cost-usd \S+|, max_cost_usd=[\d.]+")
"""Left out: what stands in for a paid endpoint has no list price, and a limit wants to know one."""
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+|(?<=--port )\d+")


class Workplace:
    """The folder, its environment, and the servers that a page has started."""

    def __init__(self, folder: Path, finished_run: Path, endpoint: str) -> None:
        self.folder = folder
        self._here = folder
        self._endpoint = endpoint
        self._servers: dict[int, subprocess.Popen[str]] = {}
        self._ports: defaultdict[int, int] = defaultdict(_find_free_port)  # by those that the page names
        _write_programs(folder / "bin")
        _write_recipes(folder)
        _write_data(folder)
        for name in ("my", "other", "sandbox"):
            shutil.copytree(finished_run, folder / "runs" / name)
        shutil.copytree(REPOSITORY / "examples", folder / "examples")
        self._environment = os.environ | {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY / "src"),
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": endpoint,
            "HF_HUB_OFFLINE": "1",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HOME": str(folder),
        }

    def run(self, command: Command) -> None:
        """Run one command to its end; a server until it listens.

        Raises:
            AssertionError: It failed; with what it printed.
        """
        words = command.words
        if not words or words[0] in PARSED_ONLY:
            return
        if words[0] == "cd":
            self._here /= words[1]
            return
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self._environment[name] = value
            return
        text = command.text.replace("init my.yaml", "init written.yaml")  # the page's own is there already, cut down
        text = self._with_real_ports(SPENDING_LIMIT.sub("", text))
        text = HUB_MODELS.sub("supercorrect.sandbox:base_student", text).replace(OPENAI, self._endpoint)
        if words[0] == "supercorrect" and len(words) > 1 and words[1] in SERVERS:
            self._serve(Command(command.block, text).words)
            return
        ended = subprocess.run(
            ["bash", "-c", text],
            cwd=self._here,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        said = f"{command.block.place}: {text}\n{ended.stdout[-2000:]}{ended.stderr[-3000:]}"
        assert ended.returncode == 0, f"exit code {ended.returncode} of {said}"

    def run_python(self, block: Block) -> None:
        """Run the Python of a page."""
        ended = subprocess.run(
            [sys.executable, "-c", self._with_real_ports(SPENDING_LIMIT.sub("", block.text))],
            cwd=self._here,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        assert ended.returncode == 0, f"{block.place}\n{ended.stdout[-2000:]}{ended.stderr[-3000:]}"

    def _with_real_ports(self, text: str) -> str:
        return _PORT.sub(lambda named: str(self._ports[int(named[0])]), text)

    def _serve(self, words: list[str]) -> None:
        if "--port" not in words:
            words = [*words, "--port", str(self._ports[SERVERS[words[1]]])]
        text = shlex.join([*words, "--no-browser"] if words[1] == "view" else words)
        port = int(words[words.index("--port") + 1])
        self._stop(port)
        server = subprocess.Popen(
            ["bash", "-c", f"exec {text}"],
            cwd=self._here,
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._servers[port] = server
        begun = time.monotonic()
        while not _listens(port):
            assert server.poll() is None, f"{text}: ended with {server.returncode}: {server.stderr.read()}"  # type: ignore[union-attr]
            assert time.monotonic() - begun < COMMAND_SECONDS, f"{text}: does not listen on {port}"
            time.sleep(0.2)

    def _stop(self, port: int) -> None:
        server = self._servers.pop(port, None)
        if server is not None:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=60)
            assert server.stderr is not None
            server.stderr.close()

    def close(self) -> None:
        """Stop every server."""
        for port in list(self._servers):
            self._stop(port)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _write_programs(folder: Path) -> None:
    """`supercorrect` and `python` as the tests have them."""
    folder.mkdir(parents=True)
    for name, command in (("supercorrect", "-m supercorrect"), ("python", "")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n', encoding="utf-8")
        program.chmod(0o755)


def _write_recipes(folder: Path) -> None:
    """The shipped recipes, all of them cut down since they extend the sandbox's, and the user's own."""
    shutil.copytree(REPOSITORY / "recipes", folder / "recipes")
    cut = small_recipe(folder / "runs" / "sandbox").model_dump(mode="json", exclude={"output_dir"})
    for path in (folder / "recipes" / "sandbox.yaml", folder / "sandbox"):  # a file named `sandbox` comes before ours
        path.write_text(yaml.safe_dump(cut), encoding="utf-8")
    (folder / "my.yaml").write_text(yaml.safe_dump(cut | {"name": "my"}), encoding="utf-8")


def _write_data(folder: Path) -> None:
    problems = [
        {key: row[key] for key in ("problem", "reference_solution", "reference_answer")}
        | {"topic": "blend", "level": "Level 5"}
        for row in (problem.model_dump() for problem in make_problems(count=4, seed=1, split="held_out"))
    ]
    for name in ("math_train", "math_test", "gsm8k_train", "gsm8k_test", "held_out", "level5", "problems"):
        _write_rows(folder / "data" / f"{name}.jsonl", problems)
    _write_rows(folder / "held_out.jsonl", problems)
    answers = [
        {"id": str(i), "problem": row["problem"], "reference_answer": row["reference_answer"], "completion": "#### 3"}
        for i, row in enumerate(problems)
    ]
    _write_rows(folder / "answers.jsonl", answers)
    _write_rows(folder / "texts.jsonl", [{"id": "1", "text": "<Step1> 1 + 1 = 2 </Step1> <Answer> 2 </Answer>"}])
    labelled = {"processbench": "processbench", "mrben": "mr_ben", "mrben_math": "mr_ben"}
    for name, layout in (labelled | {"verify_then_generate": "verify_then_generate"}).items():
        _write_rows(folder / f"{name}.jsonl", ROWS[layout])


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
