"""How a run stands: its stages, the work under way, what went wrong last, and what it has cost."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from supercorrect.manifest import Manifest, StageEntry
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.index import RunIndex

LAST_EVENTS = 400
LAST_ERRORS = 5
RunState = Literal["running", "finished", "stopped", "not begun"]
StageState = Literal["done", "running", "stopped", "waiting"]


@dataclass(frozen=True)
class StageLine:
    """A stage as it stands; `entry` is None until it has ended once."""

    name: str
    state: StageState
    entry: StageEntry | None


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong: when (seconds since 1970; None: not known), where and what."""

    time: float | None
    where: str
    what: str


@dataclass(frozen=True)
class Spend:
    """What the run's requests have cost, by role: responses, tokens in, tokens out, dollars. None: unknown."""

    role: str
    responses: int
    input_tokens: int | None
    output_tokens: int | None
    usd: float | None


@dataclass(frozen=True)
class RunStatus:
    """How a run stands now. `progress` is the work under way as its reporter last told; None: no word of it."""

    state: RunState
    stages: list[StageLine]
    progress: dict[str, Any] | None
    troubles: list[Trouble]
    spend: list[Spend]
    manifest: Manifest


def read_status(index: RunIndex) -> RunStatus:
    """Look at a run's folder; nothing in it is changed, and nobody who works there is held up."""
    folder = RunFolder(index.root)
    manifest = folder.read_manifest()
    events = _read_events(folder.root / "logs" / "events.jsonl")
    under_way, at_work = _stage_under_way(events)
    alive = at_work and _is_alive(folder.root / "LOCK")
    names = next((e["stages"] for e in reversed(events) if e.get("event") == "run_started"), list(manifest.stages))
    stages = [
        StageLine(name, _stage_state(name, manifest, under_way, alive=alive), manifest.stages.get(name))
        for name in names
    ]
    state: RunState = "running" if alive else "finished" if _all_done(stages) else "stopped" if stages else "not begun"
    progress = _read_json(folder.progress) if alive else None
    return RunStatus(state, stages, progress, _read_troubles(index, events), _read_spend(folder), manifest)


def read_metrics(index: RunIndex) -> dict[str, Any] | None:
    """What the report measured; None: there is no report yet."""
    return _read_json(index.root / "metrics.json")


def _stage_state(name: str, manifest: Manifest, under_way: str | None, *, alive: bool) -> StageState:
    if name == under_way:
        return "running" if alive else "stopped"
    return "done" if name in manifest.stages else "waiting"


def _all_done(stages: list[StageLine]) -> bool:
    return bool(stages) and all(stage.state == "done" for stage in stages)


def _read_events(path: Path) -> list[dict[str, Any]]:
    """The newest events; a line that is being written is left out."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            lines = deque(stream, maxlen=LAST_EVENTS)
    except OSError:
        return []
    events = []
    for line in lines:
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return [event for event in events if isinstance(event, dict)]


def _stage_under_way(events: list[dict[str, Any]]) -> tuple[str | None, bool]:
    """The stage that was begun last and has not ended well, and whether it may still be at work."""
    stage, at_work = None, False
    for event in events:
        if event.get("event") == "stage_started":
            stage, at_work = str(event.get("stage")), True
        elif event.get("event") == "stage_finished":
            stage, at_work = None, False
        elif event.get("event") == "stage_stopped":
            at_work = False
    return stage, at_work


def _is_alive(lock: Path) -> bool:
    """Whether the process that last held the folder still lives; the lock itself is left alone."""
    try:
        holder = int(lock.read_text())
        if holder > 0:
            os.kill(holder, 0)
    except PermissionError:
        return True  # it is another user's
    except (OSError, ValueError):
        return False
    return holder > 0


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _read_troubles(index: RunIndex, events: list[dict[str, Any]]) -> list[Trouble]:
    """The newest errors that stopped a stage, findings about pairs, and rows that cannot be read."""
    found = [
        Trouble(e.get("time"), str(e.get("stage") or "pairs"), str(e.get("error") or f"finding: {e.get('check')}"))
        for e in events
        if e.get("event") in ("stage_stopped", "finding")
    ][-LAST_ERRORS:]
    with index.reading() as connection:
        unreadable = connection.execute("SELECT file, unreadable FROM files WHERE unreadable > 0").fetchall()
    return found[::-1] + [Trouble(None, file, f"{count} rows cannot be read") for file, count in unreadable]


def _read_spend(folder: RunFolder) -> list[Spend]:
    """What each role has cost, from the store; nothing where there is none, or it is being opened."""
    path = folder.root / "store.sqlite"
    files = (path, path.with_name(f"{path.name}-wal"))
    states = tuple((file.stat().st_size, file.stat().st_mtime_ns) if file.is_file() else None for file in files)
    return _sum_spend(path, states) if states[0] else []


@lru_cache(maxsize=16)
def _sum_spend(path: Path, states: tuple[tuple[int, int] | None, ...]) -> list[Spend]:
    """The sums over a store; it is read again only when it, or its log, has changed."""
    mode = "mode=ro" if states[1] else "immutable=1"  # without a log, reading must not make one
    sums = ", ".join(
        f"CASE WHEN count({column}) = count(*) THEN sum({column}) END"
        for column in ("input_tokens", "output_tokens", "usd")
    )
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=1)
        try:
            query = f"SELECT role, count(*), {sums} FROM responses GROUP BY role ORDER BY role"
            return [Spend(*row) for row in connection.execute(query)]
        finally:
            connection.close()
    except sqlite3.Error:
        return []
