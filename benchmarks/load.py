"""How do the viewer, the mock teacher and the client bear load?  `python benchmarks/load.py [--run runs/sandbox]`

wrk (Debian: apt-get install wrk) asks the servers, each a process of its own, as the command starts it. The client asks
the mock teacher a thousand requests at a time. Memory is what the process holds before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import urlopen

from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.store import RequestStore

QUESTION = "<problem>\nSolve: what is asked for\n</problem>"
POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [=[{body}]=]
"""


@dataclass(frozen=True)
class Load:
    """What one server or client bore.

    Attributes:
        failures: Requests that had another status than 200, or no answer at all.
        sockets_left: Of the client, when all is answered. None: of a server it is not asked.
    """

    requests: int
    requests_per_second: float
    failures: int
    memory_mb_before: float
    memory_mb_after: float
    sockets_left: int | None = None


@contextmanager
def served(*arguments: str) -> Iterator[tuple[int, str]]:
    """A command of ours that serves: its process and the address that it says."""
    server = subprocess.Popen([sys.executable, "-m", "supercorrect", *arguments], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        said = re.search(r"http://[\w.]+:\d+", server.stderr.readline())
        assert said is not None, "the server said no address"
        _wait_for(said[0])
        yield server.pid, said[0]
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"{address}/", timeout=5):
                return
        except OSError as error:
            if "HTTP Error" in str(error):  # it answers, if with 404
                return
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def ask_with_wrk(pid: int, url: str, seconds: int, connections: int, script: str = "") -> Load:
    """Load a server: a first second warms it up, and memory is counted from there."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t", "1", "-c", str(connections), "--timeout", "30", "-s", file.name, url]
        subprocess.run([*command, "-d", "1"], capture_output=True, check=True)
        before = memory_mb(pid)
        said = subprocess.run([*command, "-d", str(seconds)], capture_output=True, text=True, check=True).stdout
    requests = int(re.findall(r"(\d+) requests in", said)[0])
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", said)))
    broken = re.findall(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failed += sum(map(int, broken[0])) if broken else 0
    per_second = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
    return Load(requests, per_second, failed, before, memory_mb(pid))


def ask_as_client(address: str, requests: int, concurrency: int) -> Load:
    """The client in this process, `concurrency` requests at a time."""
    endpoint = EndpointConfig(
        model="oracle",
        base_url=f"{address}/v1",
        api_key_env=None,
        limits=LimitsConfig(max_concurrency=concurrency),
    )
    questions = [ChatRequest((("user", f"{QUESTION} {n}"),), SamplingConfig()) for n in range(requests)]
    with tempfile.TemporaryDirectory() as folder, RequestStore(Path(folder) / "store.sqlite") as store:
        model = OpenAICompatibleModel("teacher", endpoint, store)
        model.ask_all([ChatRequest((("user", QUESTION),), SamplingConfig())])
        before, sockets = memory_mb(os.getpid()), count_sockets()
        began = time.perf_counter()
        responses = model.ask_all(questions)
        per_second = requests / (time.perf_counter() - began)
        lost = requests - len({response.key for response in responses if response.status == "ok"})
    return Load(requests, per_second, lost, before, memory_mb(os.getpid()), count_sockets() - sockets)


def memory_mb(pid: int) -> float:
    """What a process holds in memory now."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def count_sockets() -> int:
    """The open sockets of this process."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(str(link.readlink()).startswith("socket:") for link in links)


def main() -> None:
    """Print a line, or with --json an object, for each of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/sandbox"), help="the run that is viewed")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=5000, help="of the client")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; on Debian: apt-get install wrk")
    loads: dict[str, Load] = {}
    if (options.run / "recipe.yaml").is_file():
        with served("view", str(options.run), "--port", "0", "--no-browser") as (pid, address):
            for name, path in (("viewer, overview", "/runs/0"), ("viewer, list", "/runs/0/items")):
                loads[name] = ask_with_wrk(pid, address + path, options.seconds, options.connections)
    body = json.dumps({"model": "oracle", "messages": [{"role": "user", "content": QUESTION}]})
    with served("mock-teacher", "--port", "8719") as (pid, address):
        url, script = f"{address}/v1/chat/completions", POST.replace("{body}", body)
        loads["mock teacher"] = ask_with_wrk(pid, url, options.seconds, options.connections, script)
        loads["client, 1,000 at a time"] = ask_as_client(address, options.requests, 1000)
    if options.json:
        print(json.dumps({name: asdict(load) for name, load in loads.items()}, indent=2))
        return
    for name, load in loads.items():
        memory = f"{load.memory_mb_before:.0f} -> {load.memory_mb_after:.0f} MB"
        left = "" if load.sockets_left is None else f", {load.sockets_left} sockets left"
        print(f"{name:24} {load.requests_per_second:8.0f} requests/s, {load.failures} failures, {memory}{left}")


if __name__ == "__main__":
    main()
