"""How long does the viewer take for a page of a big run, and how much memory?

    python benchmarks/viewer_speed.py
    python benchmarks/viewer_speed.py --run runs/big     # one that big_run.py --keep has made

The server is a process of its own, as `supercorrect view` starts it; its cache is empty at first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from big_run import make_big_run

LOOKS = 5
QUERIES = {
    "first page of the list": {},
    "filtered": {"verdict": "incorrect", "topic": "Geometry", "step": "2"},
    "searched": {"q": "count the multiples"},
    "filtered and searched": {"verdict": "incorrect", "level": "Level 5", "q": "count mult"},
    "last page": {"page": "100000"},
}


def measure(run: Path) -> dict[str, float]:
    """Seconds by page, the slowest of several looks, and the server's peak memory."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as cache:
        begun = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "supercorrect", "view", str(run), "--port", "0", "--no-browser"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": cache},
        )
        try:
            assert server.stderr is not None
            address = server.stderr.readline().split()[0]
            figures["overview, before the index is there"] = _slowest(address, "/runs/0", looks=1)
            while "index is being made" in _read(f"{address}/runs/0/items"):
                time.sleep(0.2)
            figures["until the index is there"] = time.perf_counter() - begun
            for name, query in QUERIES.items():
                figures[name] = _slowest(address, f"/runs/0/items?{urlencode(query)}")
            page = _read(f"{address}/runs/0/items?reached=pairs")
            figures["a problem"] = _slowest(address, re.findall(r"/runs/0/problems/[^?\"]+", page)[0])
            status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
            figures["peak memory, MB"] = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
        finally:
            server.terminate()
            server.wait()
    return {name: round(value, 3) for name, value in figures.items()}


def _slowest(address: str, path: str, looks: int = LOOKS) -> float:
    seconds = []
    for _ in range(looks):
        begun = time.perf_counter()
        _read(address + path)
        seconds.append(time.perf_counter() - begun)
    return max(seconds)


def _read(url: str) -> str:
    with urlopen(url) as response:
        return str(response.read().decode())


def main() -> None:
    """Make a run if none is named, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path)
    run = parser.parse_args().run
    with tempfile.TemporaryDirectory() as folder:
        if run is None:
            run = Path(folder)
            make_big_run(run)
        print(json.dumps(measure(run), indent=2))


if __name__ == "__main__":
    main()
