"""A run's folder: where each thing stands, and how it is read and written."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from supercorrect.errors import InputError, StorageError
from supercorrect.manifest import Manifest, OutputFile
from supercorrect.records import Record, Rejection
from supercorrect.store import (
    IndexedRecords,
    file_sha256,
    iterate_records,
    read_records,
    read_sealed_json,
    write_records,
    write_sealed_json,
)

RecordType = TypeVar("RecordType", bound=Record)
_OWN_FILES = ("recipe.yaml", "store.sqlite", "decisions.jsonl", "metrics.json", "report.md", "report.html", "tables")
_PROFILES = "checkpoints/*/model/supercorrect/*"  # how each student is to be asked


class RunFolder:
    """Paths within a run, and reading and writing what stands there."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def require_no_links(self) -> None:
        """Make sure that what is written here stays here; a folder may come from somebody else.

        Raises:
            InputError: A link stands in the folder.
        """
        for place, folders, files in os.walk(self.root):
            for path in (Path(place, name) for name in (*folders, *files)):
                if path.is_symlink():
                    raise InputError(
                        f"{path}: expected a file or folder of the run, got what is a link to {path.readlink()}: a run "
                        "writes in its own folder alone. Put there what it leads to, or give the run another folder."
                    )

    @property
    def manifest_path(self) -> Path:
        """The manifest."""
        return self.root / "manifest.json"

    def data(self, name: str) -> Path:
        """A file of records, such as `problems/hsft` or `pairs/train`."""
        return self.root / "data" / f"{name}.jsonl"

    def rejects(self, stage: str) -> Path:
        """What a stage refused, with reasons."""
        return self.root / "rejects" / f"{stage}.jsonl"

    def model(self, arm: str) -> Path:
        """The trained model of an arm, as `from_pretrained` loads it."""
        return self.root / "checkpoints" / arm / "model"

    @property
    def decisions(self) -> Path:
        """What people decided about corrections, a line a decision."""
        return self.root / "decisions.jsonl"

    @property
    def progress(self) -> Path:
        """How far the work under way has come, for who looks on."""
        return self.root / "logs" / "progress.json"

    def training_steps(self, arm: str) -> int:
        """How many optimiser steps an arm's training took."""
        return int(self._training(arm)["steps"])

    def training_log(self, arm: str) -> list[dict[str, float]]:
        """What an arm's training logged, a row a step; nothing where there was none, as for `base`."""
        return list(self._training(arm)["log"]) if self._training_path(arm).exists() else []

    def _training_path(self, arm: str) -> Path:
        return self.model(arm).parent / "training.json"

    def _training(self, arm: str) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(self._training_path(arm).read_text(encoding="utf-8"))
        return summary

    def training_state(self, arm: str) -> Path:
        """Checkpoints of a training under way."""
        return self.root / "checkpoints" / arm / "state"

    def read(self, name: str, record_type: type[RecordType]) -> list[RecordType]:
        """The records of a data file."""
        return read_records(self.data(name), record_type)

    def iterate(self, name: str, record_type: type[RecordType]) -> Iterator[RecordType]:
        """The records of a data file, one in memory at a time."""
        return iterate_records(self.data(name), record_type)

    def index(
        self, name: str, record_type: type[RecordType], id_of: Callable[[RecordType], str]
    ) -> IndexedRecords[RecordType]:
        """The records of a data file by id, read when they are asked for."""
        return IndexedRecords(self.data(name), record_type, id_of)

    def write(self, name: str, records: Iterable[RecordType]) -> Path:
        """Write a data file, whole or not at all, holding one record in memory at a time."""
        path = self.data(name)
        write_records(path, records)
        return path

    def write_rejects(self, stage: str, rejections: list[Rejection]) -> Path:
        """Write what a stage refused."""
        path = self.rejects(stage)
        write_records(path, rejections)
        return path

    def read_manifest(self) -> Manifest:
        """The manifest; an empty one where the run has not begun.

        Raises:
            StorageError: The manifest is damaged.
        """
        if not self.manifest_path.exists():
            return Manifest()
        try:
            manifest = Manifest.model_validate(read_sealed_json(self.manifest_path, unsealed_version=1))
            return manifest.model_copy(update={"schema_version": 2})
        except (OSError, ValueError) as error:  # pydantic's is a ValueError
            raise StorageError(
                f"manifest not readable: {self.manifest_path}: {error}; move it away to recompute the run "
                "(stored teacher responses are kept and not paid again)"
            ) from error

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest."""
        write_sealed_json(self.manifest_path, manifest.model_dump(mode="json", by_alias=True))

    def describe(self, paths: list[Path]) -> dict[str, OutputFile]:
        """Hash and size of files, and of every file below folders, by their path within the run."""
        files = [f for path in paths for f in (sorted(path.rglob("*")) if path.is_dir() else [path]) if f.is_file()]
        return {
            str(f.relative_to(self.root)): OutputFile(sha256=file_sha256(f), size_bytes=f.stat().st_size) for f in files
        }

    def describe_own_files(self) -> dict[str, OutputFile]:
        """Hash and size of what a run writes beside its stages' outputs; not of logs."""
        paths = [self.root / name for name in _OWN_FILES]
        paths += sorted(self.root.glob(_PROFILES))
        return self.describe([path for path in paths if path.exists()])

    def has(self, outputs: dict[str, OutputFile]) -> bool:
        """Whether all these files are still there, at their size."""
        paths = {self.root / name: output.size_bytes for name, output in outputs.items()}
        return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())

    def has_intact(self, outputs: dict[str, OutputFile]) -> bool:
        """Whether all these files are still there, byte for byte."""
        return self.has(outputs) and all(
            file_sha256(self.root / name) == output.sha256 for name, output in outputs.items()
        )

    @property
    def events(self) -> Path:
        """The run's log."""
        return self.root / "logs" / "events.jsonl"

    def log_event(self, event: str, **fields: Any) -> None:
        """Append a line to the run's log."""
        path = self.events
        path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"time": round(time.time(), 3), "event": event, **fields}).encode() + b"\n"
        try:
            with path.open("a+b") as stream:
                if stream.seek(0, os.SEEK_END):
                    stream.seek(-1, os.SEEK_END)
                    line = line if stream.read(1) == b"\n" else b"\n" + line  # a killed run may leave half a line
                stream.write(line)
        except OSError as error:
            raise StorageError(f"log not writable: {path}: {error}; free some space and run again") from error

    def write_progress(self, label: str, done: int, total: int, note: str) -> None:
        """Say how far the work under way has come; only the newest word stands, and it may be lost."""
        path = self.progress
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.unfinished")
        row = {"time": round(time.time(), 3), "label": label, "done": done, "total": total, "note": note}
        try:
            unfinished.write_text(json.dumps(row) + "\n", encoding="utf-8")
            unfinished.replace(path)
        except OSError as error:
            raise StorageError(f"log not writable: {path}: {error}; free some space and run again") from error


def fingerprint_of(value: Any) -> str:
    """A hash of anything that JSON can hold, the same on every machine."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def seed_of(value: Any) -> int:
    """A seed that any library takes, from anything that JSON can hold."""
    return int.from_bytes(hashlib.sha256(fingerprint_of(value).encode()).digest()[:4], "big") >> 1
