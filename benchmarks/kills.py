"""What does kill -9 cost? One run of SuperCorrect, inspect_ai and bespokelabs-curator, killed at the same moments.

    python benchmarks/kills.py --json figures.json            # 50 kills over 2,000 requests
    python benchmarks/kills.py --kills 5 --requests 200
    python benchmarks/kills.py --with-children --only supercorrect   # as when a container ends

Each asks one mock teacher the same questions, 16 at a time, in a process and virtual environment of its own. It is
killed when the server has got so many requests more, drawn from a seed that all share, and started again as its
documentation says (inspect_ai: `eval`, then `eval-retry` of the newest log; curator: the same script). The server's
ledger judges: a request that comes again is paid for twice. What the server was still answering at the kills stands
beside it: a client loses it with its connections, and a faster client has more of it. Then the rows that the system
ends with are counted. A kill ends the process that was started; `--with-children` ends all that it has started, too.

An answer takes 1 s, as from a real teacher, half more or less as the question falls: `--latency`. So every system has
as many requests under way as it may. With 0.1 s on two cores a system that works for long over an answer has fewer, and
repeats fewer for being slow; and answers that all take equally long would come, and be killed, in rounds.

What is done for the peers: inspect_ai writes each finished sample at once (`log_buffer=1`; by default it waits for ten
or more); curator is spared the download of a token table. Displays and telemetry are off.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from teacher_throughput import DRIVERS as THROUGHPUT_DRIVERS
from teacher_throughput import PEERS as THROUGHPUT_PEERS
from teacher_throughput import children, install_peers

from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.ledger import LedgerRow
from supercorrect.sandbox.server import Messages, MockOptions, create_app, running_app

CONCURRENCY, DEADLINE_SECONDS, SETTLING_SECONDS = 16, 1800, 0.1
PEERS = {
    "inspect_ai": ("inspect_ai==0.3.285", "openai"),
    "curator": THROUGHPUT_PEERS["curator"],
}
QUESTIONS = """
import json, sys
from pathlib import Path
url, count, concurrency, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), 0.0
questions = [f"Problem {n}: what is {n} + 1?" for n in range(count)]
def finish(rows):
    Path("rows.json").write_text(json.dumps(rows))
"""
DRIVERS = {
    "supercorrect": """
from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.store import RequestStore
endpoint = EndpointConfig(
    model="mock", base_url=url, api_key_env=None, limits=LimitsConfig(max_concurrency=concurrency)
)
with RequestStore(Path("store.sqlite")) as store:
    requests = [ChatRequest((("user", question),), SamplingConfig()) for question in questions]
    responses = OpenAICompatibleModel("teacher", endpoint, store).ask_all(requests)
finish([response.text for response in responses])
""",
    "inspect_ai": """
from inspect_ai import Task, eval, eval_retry, task
from inspect_ai.dataset import Sample
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.model import get_model
@task
def asking():
    return Task(dataset=[Sample(input=question, id=n) for n, question in enumerate(questions)])
if __name__ == "__main__":  # eval_retry imports this file for its task
    logs = list_eval_logs("logs") if Path("logs").is_dir() else []
    how = dict(log_dir="logs", display="none", max_connections=concurrency, max_samples=concurrency, log_buffer=1)
    if logs:
        newest = max(logs, key=lambda log: log.mtime)
        [log] = eval_retry(newest.name, **how)
    else:
        model = get_model("openai/mock", base_url=url, responses_api=False)
        [log] = eval("driver.py@asking", model=model, **how)
    assert log.status == "success", log.status
    finish([sample.output.completion for sample in read_eval_log(log.location).samples])
""",
    "curator": THROUGHPUT_DRIVERS["curator"]
    + """
finish([row["response"] for row in getattr(answers, "dataset", answers)])
""",
}


@dataclass(frozen=True)
class Cost:
    """What the kills have cost one system.

    Attributes:
        requests: That the server got, all starts together.
        under_way: Requests that the server was answering at a kill.
        repeated: Requests that had come before.
        lost: Questions without a row at the end.
        duplicated: Rows beyond one a question.
    """

    kills: int
    requests: int
    under_way: int
    repeated: int
    lost: int
    duplicated: int
    seconds: float


class UnderWay:
    """Counts what the server is answering to the client that it has now."""

    def __init__(self, app: ASGIApp, clients: list[set[object]]) -> None:
        self._app = app
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, mine = object(), self._clients[-1]
        mine.add(request)
        try:
            await self._app(scope, receive, send)
        finally:
            mine.discard(request)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--peers", type=Path, help="where the peers' environments are, or are to be made")
    parser.add_argument("--only", nargs="*", default=["supercorrect", *PEERS], help="these systems alone")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that an answer takes, on average")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--with-children", action="store_true", help="kill what a system has started, too (Linux)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peers = {name: needed for name, needed in PEERS.items() if name in options.only}
        pythons = install_peers(options.peers or Path(folder) / "peers", peers)
        costs = {}
        print(f"seed {options.seed}, {options.requests} requests, {CONCURRENCY} at a time, {options.latency} s each")
        print(
            f"{'':14}{'kills':>8}{'requests':>10}{'under way':>11}{'repeated':>10}{'lost':>6}{'duplicated':>12}{'s':>7}"
        )
        for name in options.only:
            work = Path(folder) / name
            work.mkdir()
            app = create_app(answer, with_latency(options.latency))
            cost = costs[name] = measure(name, pythons[name], work, app, options)
            asked = f"{cost.kills:8}{cost.requests:10}{cost.under_way:11}{cost.repeated:10}"
            print(f"{name:14}{asked}{cost.lost:6}{cost.duplicated:12}{cost.seconds:7.0f}", flush=True)
    if options.json:
        figures = {f"{figure}_{name}": value for name, cost in costs.items() for figure, value in asdict(cost).items()}
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n")


def answer(messages: Messages) -> str:
    """Another answer to each question, so that no row can stand in for another."""
    return f"It is {messages[-1]['content']}"


def with_latency(seconds: float) -> MockOptions:
    """A server that takes `seconds` on average."""
    return MockOptions(latency_seconds=seconds / 2, faults=FaultScript(jitter_seconds=seconds))


def measure(name: str, python: str, work: Path, app: Starlette, options: argparse.Namespace) -> Cost:
    """Kill one system again and again, then let it end."""
    count, kills, rng, began = options.requests, options.kills, random.Random(options.seed), time.monotonic()
    (work / "driver.py").write_text(QUESTIONS + DRIVERS[name])
    ledger: list[LedgerRow] = app.state.ledger
    clients: list[set[object]] = [set()]
    app.add_middleware(UnderWay, clients=clients)
    done = under_way = 0
    with running_app(app) as url:
        for _ in range(kills):
            enough = len(ledger) + rng.randrange(1, 9 * count // (5 * kills))
            if not killed_at(start(python, work, url, count), ledger, enough, options.with_children):
                break  # it has ended before
            done += 1
            under_way += len(clients[-1])
            time.sleep(SETTLING_SECONDS)  # what was on its way to the server has come
            clients.append(set())
        ended = start(python, work, url, count).wait(DEADLINE_SECONDS)
    if ended:
        raise SystemExit(f"{name} failed:\n{(work / 'log').read_text()[-3000:]}")
    rows = json.loads((work / "rows.json").read_text())
    asked = [row for row in ledger if row.input_tokens]  # curator begins with an empty question
    times = Counter(row.request_hash for row in asked)
    repeated = sum(times.values()) - len(times)
    distinct = len(set(rows))
    return Cost(done, len(asked), under_way, repeated, count - distinct, len(rows) - distinct, time.monotonic() - began)


def start(python: str, work: Path, url: str, count: int) -> subprocess.Popen[bytes]:
    """The system's script, in its folder."""
    quiet = {"CURATOR_DISABLE_RICH_DISPLAY": "1", "TELEMETRY_ENABLED": "false", "CURATOR_VIEWER": "0"}
    private = {"HOME": str(work), "CURATOR_CACHE_DIR": str(work), "OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1"}
    command = [python, "driver.py", url, str(count), str(CONCURRENCY)]
    with (work / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=work, env=os.environ | quiet | private, stdout=log, stderr=log)


def killed_at(process: subprocess.Popen[bytes], ledger: list[LedgerRow], enough: int, with_children: bool) -> bool:
    """Kill a process when the server has got `enough` requests; False: it has ended before."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(ledger) < enough and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    was_at_work = process.poll() is None
    if was_at_work:
        kill(process, with_children)
    process.wait()
    return was_at_work


def kill(process: subprocess.Popen[bytes], with_children: bool) -> None:
    """Kill a process, or it and all that it has started; these are stopped first, so that none sees another end."""
    pids = [process.pid]
    for pid in pids if with_children else ():
        os.kill(pid, signal.SIGSTOP)
        pids += children(pid)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
