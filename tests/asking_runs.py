"""A teacher stage in processes that can be killed and started again; the server's ledger is the judge."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from supercorrect.config import EndpointConfig, SamplingConfig
from supercorrect.models import ChatRequest
from supercorrect.models.item import Item
from supercorrect.records import Rejection
from supercorrect.sandbox.ledger import request_hash
from supercorrect.sandbox.server import Messages, MockOptions, create_app, running_app
from supercorrect.store import RequestStore, request_key

CONCURRENCY = 16
RUN = """
import sys
from pathlib import Path
from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.errors import SuperCorrectError
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.records import Rejection
from supercorrect.store import RequestStore, RunLock, write_records

folder, url, count, key = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] or None
limits = LimitsConfig(max_concurrency=16, timeout_seconds=float(sys.argv[5]))
endpoint = EndpointConfig(model="mock", base_url=url, api_key_env=key, limits=limits)
requests = [ChatRequest((("user", f"Problem {n}"),), SamplingConfig()) for n in range(count)]
try:
    with RunLock(folder), RequestStore(folder / "store.sqlite") as store:
        responses = OpenAICompatibleModel("teacher", endpoint, store).ask_all(requests)
    rows = [Rejection(stage="s", item_id=r.key, reason=r.status, detail=r.text) for r in responses]
    write_records(folder / "data.jsonl", rows)
except SuperCorrectError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@contextmanager
def mock_teacher(options: MockOptions, answer: Callable[[Messages], str] | None = None) -> Iterator[SimpleNamespace]:
    """A teacher's `url` and `ledger`; it answers with the last message, or as it is told."""
    app = create_app(answer or (lambda messages: messages[-1]["content"]), options)
    with running_app(app) as url:
        yield SimpleNamespace(url=url, ledger=app.state.ledger)


class Run:
    """A teacher stage of `count` requests, in processes that can be killed.

    Args:
        key: The environment variable that holds the key; empty: the server wants none.
    """

    def __init__(self, folder: Path, mock, count: int, key: str = "", timeout_seconds: float = 30) -> None:
        self.folder, self.mock, self.count = folder, mock, count
        self._more = (key, str(timeout_seconds))

    def begin(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, str(self.folder), self.mock.url, str(self.count), *self._more]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def begin_and_wait_for(self, requests: int) -> subprocess.Popen[str]:
        """Begin, and return when the server has got so many requests more than before."""
        enough = len(self.mock.ledger) + requests
        process = self.begin()
        while len(self.mock.ledger) < enough and process.poll() is None:
            time.sleep(0.001)
        return process

    def finish(self) -> bytes:
        """Run to the end; returns the data set."""
        process = self.begin()
        _, errors = process.communicate()
        assert process.returncode == 0, errors
        return (self.folder / "data.jsonl").read_bytes()

    def late(self) -> list[Path]:
        """What couriers have left beside the store."""
        return sorted(self.folder.glob("store.sqlite-late-*"))

    def committed(self) -> set[str]:
        """The keys in the store."""
        with RequestStore(self.folder / "store.sqlite") as store:
            return {row[0] for row in store._connection.execute("SELECT key FROM responses")}

    def hashes(self) -> dict[str, str]:
        """The server's name for a request, by key."""
        endpoint, found = EndpointConfig(model="mock"), {}
        for n in range(self.count):
            request = ChatRequest((("user", f"Problem {n}"),), SamplingConfig())
            key = request_key("mock", request.messages, request.sampling)
            found[key] = request_hash(Item(key, request, endpoint).body())
        return found

    def repeats(self) -> int:
        return sum(times - 1 for times in Counter(row.request_hash for row in self.mock.ledger).values())


def undisturbed(hashes: dict[str, str]) -> bytes:
    """The data set that any run must end with."""
    rows = (Rejection(stage="s", item_id=key, reason="ok", detail=f"Problem {n}") for n, key in enumerate(hashes))
    return "".join(row.model_dump_json() + "\n" for row in rows).encode()
