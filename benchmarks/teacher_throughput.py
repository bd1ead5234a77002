"""How fast and how light is the teacher's client? SuperCorrect, bespokelabs-curator and distilabel on one local server.

    python benchmarks/teacher_throughput.py --json figures.json

Each asks the same mock teacher the same questions with the same concurrency, as its own documentation says, in a
process and virtual environment of its own. The server's ledger gives requests per second (from the first request to the
last, so that no start-up counts). CPU is what 2,000 requests take beyond what 100 take; CPU and memory are those of all
processes that a system starts (Linux). Medians over the rounds, in which the systems take turns.

What is done for the peers: curator 0.1.31 downloads a token table for its rate limit before it asks anything; it is
given a word count in its place, which is cheaper. Telemetry and displays are off.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

REQUESTS, FEW_REQUESTS, CONCURRENCY, ROUNDS = 2000, 100, 16, 3
LATENCIES_SECONDS = (0.05, 0.0)
LIMIT_PER_MINUTE, LIMITED_REQUESTS, WARM_UP_SECONDS = 300, 750, 60.0

PR_SET_CHILD_SUBREAPER = 36

SERVER = """
import sys
from pathlib import Path
from supercorrect.sandbox.server import MockOptions, create_app, serve_app
limit = float(sys.argv[4]) or None
options = MockOptions(latency_seconds=float(sys.argv[2]), ledger_path=Path(sys.argv[3]), requests_per_minute=limit)
answer = "Step by step. " * 60 + "The answer is 4."
serve_app(create_app(lambda messages: answer, options), "127.0.0.1", int(sys.argv[1]))
"""

QUESTIONS = """
import sys
url, count, concurrency, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
questions = [f"Problem {n}: " + "what is the sum of these numbers? " * 20 for n in range(count)]
"""

DRIVERS = {
    "supercorrect": """
import tempfile
from pathlib import Path
from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.store import RequestStore
limits = LimitsConfig(max_concurrency=concurrency, requests_per_minute=limit or None)
endpoint = EndpointConfig(model="mock", base_url=url, api_key_env=None, limits=limits)
with tempfile.TemporaryDirectory() as folder, RequestStore(Path(folder) / "store.sqlite") as store:
    requests = [ChatRequest((("user", question),), SamplingConfig()) for question in questions]
    responses = OpenAICompatibleModel("teacher", endpoint, store).ask_all(requests)
assert all(response.status == "ok" for response in responses) and len(responses) == count
""",
    "curator": """
from bespokelabs import curator
from bespokelabs.curator.request_processor.online import openai_online_request_processor as processor
class Words:
    def encode(self, text, **_):
        return text.split()
processor.OpenAIOnlineRequestProcessor.get_token_encoding = lambda self: Words()
limits = {"max_requests_per_minute": 10**6, "max_tokens_per_minute": 10**9, "max_concurrent_requests": concurrency}
llm = curator.LLM(model_name="mock", backend="openai", backend_params={"base_url": url, **limits})
answers = llm(questions)
assert len(getattr(answers, "dataset", answers)) == count
""",
    "distilabel": """
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
if __name__ == "__main__":
    with Pipeline() as pipeline:
        load = LoadDataFromDicts(data=[{"instruction": question} for question in questions], batch_size=concurrency)
        llm = OpenAILLM(model="mock", base_url=url, api_key="none", generation_kwargs={"max_new_tokens": 1024})
        load >> TextGeneration(llm=llm, input_batch_size=concurrency)
    rows = pipeline.run(use_cache=False)["default"]["train"]
    assert len(rows) == count and all(rows["generation"])
""",
}
PEERS = {
    "curator": ("bespokelabs-curator==0.1.31",),
    "distilabel": ("distilabel[openai]==1.5.3", "requests"),  # it imports requests without asking for it
}


@dataclass(frozen=True)
class Sample:
    """One process that asked `count` questions."""

    received_seconds: list[float]
    turned_away: int
    cpu_seconds: float
    peak_mb: float

    @property
    def requests_per_second(self) -> float:
        return (len(self.received_seconds) - 1) / (self.received_seconds[-1] - self.received_seconds[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--peers", type=Path, help="where the peers' environments are, or are to be made")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory() as folder:
        pythons = install_peers(options.peers or Path(folder) / "peers", PEERS)
        figures = measure_peers(pythons, Path(folder)) | measure_rate_limit(pythons, Path(folder))
    for name, value in figures.items():
        print(f"{name:40} {value:10.3f}")
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n")


def install_peers(folder: Path, peers: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Each peer in its own environment; returns every system's interpreter."""
    pythons = {"supercorrect": sys.executable}
    for name, requirements in peers.items():
        python = folder / name / "bin" / "python"
        if not python.exists():
            print(f"installing {requirements[0]} …", flush=True)
            venv.create(folder / name, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        pythons[name] = str(python)
    return pythons


def measure_peers(pythons: dict[str, str], folder: Path) -> dict[str, float]:
    """Requests per second, CPU and memory of each system, and how many times better than each peer ours is."""
    figures: dict[str, float] = {}
    few = {name: [ask(name, python, folder, FEW_REQUESTS) for _ in range(ROUNDS)] for name, python in pythons.items()}
    for latency_seconds in LATENCIES_SECONDS:
        many: dict[str, list[Sample]] = {name: [] for name in pythons}
        for _ in range(ROUNDS):
            for name, python in pythons.items():
                many[name].append(ask(name, python, folder, REQUESTS, latency_seconds))
        suffix = "" if latency_seconds else "_no_latency"
        for name in pythons:
            start_cpu_seconds = statistics.median(sample.cpu_seconds for sample in few[name])
            cpu_seconds = statistics.median(sample.cpu_seconds for sample in many[name]) - start_cpu_seconds
            figures[f"rps_{name}{suffix}"] = statistics.median(sample.requests_per_second for sample in many[name])
            figures[f"cpu_ms_{name}{suffix}"] = 1000 * cpu_seconds / (REQUESTS - FEW_REQUESTS)
            figures[f"peak_mb_{name}{suffix}"] = statistics.median(sample.peak_mb for sample in many[name])
        for peer in PEERS:
            ours, theirs = f"supercorrect{suffix}", f"{peer}{suffix}"
            figures[f"rps_vs_{theirs}"] = figures[f"rps_{ours}"] / figures[f"rps_{theirs}"]
            figures[f"cpu_vs_{theirs}"] = figures[f"cpu_ms_{theirs}"] / figures[f"cpu_ms_{ours}"]
            figures[f"memory_vs_{theirs}"] = figures[f"peak_mb_{theirs}"] / figures[f"peak_mb_{ours}"]
    return figures


def measure_rate_limit(pythons: dict[str, str], folder: Path) -> dict[str, float]:
    """How much of a limit of 300 requests a minute ours uses after a minute, and what share is turned away."""
    sample = ask("supercorrect", pythons["supercorrect"], folder, LIMITED_REQUESTS, 0.05, LIMIT_PER_MINUTE)
    first = sample.received_seconds[0]
    warm = [moment for moment in sample.received_seconds if moment - first >= WARM_UP_SECONDS]
    per_minute = 60 * (len(warm) - 1) / (warm[-1] - warm[0])
    asked = len(sample.received_seconds) + sample.turned_away
    return {"rate_limit_use": per_minute / LIMIT_PER_MINUTE, "rate_limit_turned_away": sample.turned_away / asked}


def ask(
    name: str, python: str, folder: Path, count: int, latency_seconds: float = 0.0, limit_per_minute: float = 0.0
) -> Sample:
    """Run one system against a fresh server."""
    work = Path(tempfile.mkdtemp(dir=folder))
    port = free_port()
    server = [
        sys.executable,
        "-c",
        SERVER,
        str(port),
        str(latency_seconds),
        str(work / "ledger"),
        str(limit_per_minute),
    ]
    arguments = [f"http://127.0.0.1:{port}/v1", str(count), str(CONCURRENCY), str(limit_per_minute)]
    (work / "driver.py").write_text(QUESTIONS + DRIVERS[name])
    quiet = {"CURATOR_DISABLE_RICH_DISPLAY": "1", "TELEMETRY_ENABLED": "false", "CURATOR_VIEWER": "0"}
    private = {"HOME": str(work), "CURATOR_CACHE_DIR": str(work), "OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(server) as serving, (work / "log").open("wb") as log:
        wait_for(port)
        command = [python, str(work / "driver.py"), *arguments]
        asking = subprocess.Popen(command, cwd=work, env=os.environ | quiet | private, stdout=log, stderr=log)
        cpu_seconds, peak_mb, asking.returncode = wait_for_all(asking.pid, serving.pid)
        serving.terminate()
    if asking.returncode != 0:
        raise SystemExit(f"{name} failed:\n{(work / 'log').read_text()[-3000:]}")
    rows = [json.loads(line) for line in (work / "ledger").read_text().splitlines()]
    rows = [
        row for row in rows if row["input_tokens"] or row["outcome"] != "ok"
    ]  # curator begins with an empty question
    answered = [row["received_seconds"] for row in rows if row["outcome"] == "ok"]
    sample = Sample(answered, len(rows) - len(answered), cpu_seconds, peak_mb)
    print(f"{name:14} {count:5} requests, latency {latency_seconds} s: {sample.requests_per_second:6.0f}/s", flush=True)
    return sample


def wait_for_all(first: int, but: int) -> tuple[float, float, int]:
    """CPU seconds and peak MB of a process and of all that it leaves behind, which become ours; and its exit code."""
    cpu_seconds = peak_mb = 0.0
    pids, code = [first], 0
    while pids:
        pid, status, usage = os.wait4(pids[0], 0)
        code = os.waitstatus_to_exitcode(status) if pid == first else code
        cpu_seconds += usage.ru_utime + usage.ru_stime
        peak_mb += usage.ru_maxrss / 1024
        pids = [child for child in children(os.getpid()) if child != but]
    return cpu_seconds, peak_mb, code


def children(pid: int) -> list[int]:
    """The processes that a process has started (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    while True:
        with socket.socket() as knocking:
            if knocking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
