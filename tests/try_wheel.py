"""The wheel alone, in environments of its own, outside of the repository: `make test-wheel`. It takes minutes.

First the core: its size, and how long `supercorrect --help` takes. Then, with what training needs, the sandbox cut
down to seconds: init, run, view, solve, and serve with the openai client. Prints what it found; fails where something
does not work.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from small_runs import REPOSITORY, SMALL

CONSTRAINTS = REPOSITORY / "constraints.txt"
MODEL = "runs/sandbox/checkpoints/cross_dpo/model"
MB = 1_000_000
ASK = """
import sys
from openai import OpenAI
client = OpenAI(base_url=sys.argv[1], api_key="none")
model = client.models.list().data[0].id
reply = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "What is 2 + 2?"}])
print(model, repr(reply.choices[0].message.content))
"""


class Environment:
    """A virtual environment, and a folder in which its commands run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "venv" / "bin"
        self.folder = root / "elsewhere"
        self.folder.mkdir(parents=True)
        venv.create(root / "venv", with_pip=True)
        self.own = {path.name for path in self.packages.iterdir()}
        kept = ("HOME", "LANG", "SSL_CERT_FILE", "OMP_NUM_THREADS")
        self.variables = {name: os.environ[name] for name in kept if name in os.environ}
        self.variables |= {
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "XDG_CACHE_HOME": str(root / "cache"),
        }

    @property
    def packages(self) -> Path:
        """Where packages stand."""
        return next((self.root / "venv" / "lib").glob("python*/site-packages"))

    def install(self, *what: str) -> None:
        """Install packages, by the constraints."""
        pip = [str(self.bin / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run([*pip, "--constraint", str(CONSTRAINTS), *what], env=variables, check=True)

    def run(self, *command: str) -> str:
        """What a command prints; it has to end well."""
        ended = subprocess.run(command, cwd=self.folder, env=self.variables, capture_output=True, text=True)
        assert ended.returncode == 0, f"{command}: {ended.returncode}\n{ended.stdout[-2000:]}\n{ended.stderr[-3000:]}"
        return ended.stdout

    @contextmanager
    def serving(self, *command: str) -> Iterator[str]:
        """A server for the length of a with-block; yields the address that it says it listens at."""
        with subprocess.Popen(
            command, cwd=self.folder, env=self.variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr is not None
            address = next(filter(None, (re.search(r"http://[\w.]+:[1-9]\d*", line) for line in server.stderr)), None)
            assert address is not None, f"{command}: names no address"
            try:
                yield address[0]
            finally:
                server.send_signal(signal.SIGTERM)


def megabytes(environment: Environment) -> tuple[float, float]:
    """What was installed, without pip itself: files as unpacked, and with what Python compiled of them."""
    installed = [path for path in environment.packages.iterdir() if path.name not in environment.own]
    files = [f for path in installed for f in (path.rglob("*") if path.is_dir() else [path]) if f.is_file()]
    compiled = sum(f.stat().st_size for f in files if f.suffix == ".pyc")
    total = sum(f.stat().st_size for f in files)
    return (total - compiled) / MB, total / MB


def help_seconds(environment: Environment) -> tuple[float, float]:
    """Seconds of `supercorrect --help` on the clock and of processor time; the quickest of five."""
    tries = []
    for _ in range(5):
        begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        environment.run("supercorrect", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        tries.append((time.perf_counter() - begun, processor))
    return min(tries)


def try_core(root: Path, wheel: Path) -> None:
    """The core: no torch, small, quick to help."""
    core = Environment(root / "core")
    core.install(str(wheel))
    unpacked, compiled = megabytes(core)
    assert not (core.packages / "torch").exists()
    core.run("supercorrect", "validate", "sandbox")
    print(f"core: {unpacked:.1f} MB unpacked, {compiled:.1f} MB with bytecode")
    clock, processor = help_seconds(core)
    print(f"--help: {clock:.2f} s, {processor:.2f} s of processor time (the quickest of five)")


def try_training(root: Path, wheel: Path) -> None:
    """Everything that a stranger does first."""
    full = Environment(root / "full")
    full.install("torch")
    full.install(f"{wheel}[train]")
    full.run("supercorrect", "init", "first.yaml", "--yes")
    full.run("supercorrect", "validate", "first.yaml")
    begun = time.perf_counter()
    full.run("supercorrect", "run", "first.yaml", *SMALL, "name=sandbox")
    print(f"run of the recipe that init wrote, cut down: {time.perf_counter() - begun:.0f} s")
    with full.serving("supercorrect", "view", "runs/sandbox", "--no-browser", "--port", "0") as address:
        assert "sandbox" in urllib.request.urlopen(address).read().decode()
        print(f"view: {address}")
    print(full.run("supercorrect", "solve", "What is 2 + 2?", "--model", MODEL, "--max-new-tokens", "40").strip())
    with full.serving("supercorrect", "serve", "--model", MODEL, "--port", "0", "--max-new-tokens", "40") as address:
        print("serve:", full.run("python", "-c", ASK, f"{address}/v1").strip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", action="store_true", help="The core alone.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build = [sys.executable, "-m", "build", "--outdir", str(root / "dist"), str(REPOSITORY)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        wheel = next((root / "dist").glob("*.whl"))
        print(f"{wheel.name}: {wheel.stat().st_size / MB:.1f} MB")
        try_core(root, wheel)
        if not arguments.core:
            try_training(root, wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
