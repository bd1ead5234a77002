"""What all attacks share: a run that can be struck at any of its writes, a teacher that keeps a ledger, and a table."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from small_runs import SANDBOX
from supercorrect.config import load_recipe
from supercorrect.integrity.verify import verify_run
from supercorrect.sandbox.ledger import LedgerRow
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.sandbox.teacher import answer
from supercorrect.store import check_store, request_key

HERE = Path(__file__).parent
FAULTS = (
    "count",
    "disk_full",
    "io_error",
    "short_write",
    "kill_before",
    "kill_within",
    "interrupt",
    "terminate",
    "clock",
)
"""The faults of the file layer, in the order of its C enum."""
DISK_FAULTS = ("disk_full", "io_error", "short_write")
KILLS = ("kill_before", "kill_within")
CONCURRENCY = 4
TINY = (
    "threads=1",
    "problems.hsft.count=8",
    "problems.errors.count=6",
    "problems.held_out.count=4",
    "student.batch_size=8",
    "sft.max_steps=2",
    "sft.save_steps=1",
    "hsft.max_steps=3",
    "hsft.save_steps=1",
    "cross_dpo.max_steps=3",
    "cross_dpo.save_steps=1",
    "cross_dpo.per_device_batch_size=2",
    "cross_dpo.replay_batch_size=2",
    "solutions.max_new_tokens=24",
    "evaluation.max_new_tokens=24",
    "reviews.max_new_tokens=12",
    "evaluation.arms=[base, cross_dpo]",
)
"""Every stage of the sandbox recipe, as small as it gets: the attacks start it hundreds of times."""


@dataclass(frozen=True)
class End:
    """How a start ended.

    Attributes:
        code: Exit code; minus the signal's number where one ended it.
        writes: How many writes, syncs and renames of the run's files it came to.
    """

    code: int
    writes: int
    output: str


class Victim:
    """Starts the command in forked children of one process that has imported everything."""

    def __init__(self, layer: Path, scratch: Path) -> None:
        environment = os.environ | {"LD_PRELOAD": str(layer), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
        self._output = scratch / "output.txt"
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "victim.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._read()

    def start(
        self,
        root: Path,
        *arguments: str,
        fault: str = "count",
        at: int = 0,
        jump_seconds: int = 0,
        largest_file: int | None = None,
    ) -> int:
        """Start the command on a run folder, with a fault at one of its writes (1: the first); gives its process id."""
        start = {
            "root": str(root.resolve()),
            "arguments": arguments,
            "fault": FAULTS.index(fault),
            "at": at,
            "jump_seconds": jump_seconds,
            "largest_file": largest_file,
            "output": str(self._output),
        }
        assert self._process.stdin is not None
        print(json.dumps(start), file=self._process.stdin, flush=True)
        return int(self._read()["pid"])

    def wait(self) -> End:
        """How the child that was started last has ended."""
        ended = self._read()
        return End(ended["status"], ended["writes"], self._output.read_text(errors="replace"))

    def run(self, root: Path, *arguments: str, **fault: object) -> End:
        """Start, and wait for the end."""
        self.start(root, *arguments, **fault)  # type: ignore[arg-type]
        return self.wait()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> dict:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the victim's process has died"
        return json.loads(line)


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """One process for all attacks of a session."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or not sys.platform.startswith("linux"):
        pytest.skip("the failing file layer needs Linux and a C compiler")
    scratch = tmp_path_factory.mktemp("victim")
    layer = scratch / "failing_files.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", layer, HERE / "failing_files.c", "-ldl"], check=True)
    one = Victim(layer, scratch)
    yield one
    one.close()


@dataclass
class Teacher:
    """The oracle behind a socket of this process.

    Attributes:
        keys: The key, in a run's store, of every request that was answered.
    """

    url: str
    ledger: list[LedgerRow]
    keys: list[str]

    def repeats(self) -> int:
        """How often a request came that had come before."""
        return sum(count - 1 for count in Counter(row.request_hash for row in self.ledger).values())

    def asked(self) -> int:
        """How many different requests have come."""
        return len({row.request_hash for row in self.ledger})


@contextmanager
def teacher(options: MockOptions | None = None) -> Iterator[Teacher]:
    """A teacher with an empty ledger."""
    sampling, keys = load_recipe(SANDBOX, (*TINY, _teacher_section(""))).teacher.sampling, list[str]()

    def remember(messages: list[dict[str, str]]) -> str:
        keys.append(request_key("oracle", [(one["role"], one["content"]) for one in messages], sampling))
        return answer(messages)

    app = create_app(remember, options)
    with running_app(app) as url:
        yield Teacher(url, app.state.ledger, keys)


def arguments(root: Path, url: str, *overrides: str, until: str | None = None) -> list[str]:
    """The command of a tiny run that asks the teacher at `url`."""
    end = ["--until", until] if until else []
    return ["run", str(SANDBOX), _teacher_section(url), *TINY, *overrides, "--output-dir", str(root), *end]


def _teacher_section(url: str) -> str:
    limits = f"{{max_concurrency: {CONCURRENCY}, timeout_seconds: 20}}"
    return f"teacher={{model: oracle, api_key_env: null, base_url: '{url}', limits: {limits}}}"


def contents(root: Path) -> dict[str, str]:
    """Hashes of what a run has made: records, rejects, models and curves."""
    files = [f for part in ("data", "rejects", "checkpoints") for f in sorted((root / part).rglob("*")) if f.is_file()]
    made = [f for f in files if "state" not in f.relative_to(root).parts and ".unfinished" not in str(f)]
    return {str(f.relative_to(root)): hashlib.sha256(f.read_bytes()).hexdigest() for f in made}


def committed(root: Path) -> frozenset[str]:
    """The keys of all responses that are in a run's store."""
    store = root / "store.sqlite"
    return check_store(store).keys if store.exists() else frozenset()


@dataclass
class Tally:
    """What a table says: of so many faults, how many a run survived, and what they cost."""

    injected: int = 0
    survived: int = 0
    lost: int = 0
    duplicated: int = 0
    repeated: int = 0


class Table:
    """Prints its seed and a row a kind of fault."""

    def __init__(self) -> None:
        self.seed = random.SystemRandom().randrange(10**6)
        self.rng = random.Random(self.seed)
        self.rows: dict[str, Tally] = {}

    def row(self, name: str) -> Tally:
        return self.rows.setdefault(name, Tally())

    def show(self) -> None:
        names = [field.name for field in fields(Tally)]
        print(f"\nseed {self.seed}\n{'':24}" + "".join(f"{name:>12}" for name in names))
        for name, tally in self.rows.items():
            print(f"{name:24}" + "".join(f"{getattr(tally, column):>12}" for column in names))


def check_struck(root: Path, undisturbed: dict[str, str], end: End) -> None:
    """What holds of a run folder after any fault: nothing that looks whole is not, and nobody saw a traceback."""
    assert "Traceback" not in end.output, end.output
    if (root / "recipe.yaml").exists():
        damages = [one for one in verify_run(root).damages if "/state/" not in one.path]
        assert damages == [], damages
    for name, digest in contents(root).items():
        assert undisturbed.get(name) == digest, f"{name} looks whole and is not"
