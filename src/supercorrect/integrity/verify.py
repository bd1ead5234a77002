"""Every byte that a run vouches for, and what follows where one is another."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supercorrect.errors import InputError, StorageError
from supercorrect.integrity.lineage import find_dangling
from supercorrect.manifest import Manifest, OutputFile, StageEntry
from supercorrect.run_folder import RunFolder
from supercorrect.store import check_store, file_sha256, read_sealed_json

RECORDS = ".jsonl"
_CHECKPOINT_MARKER = "COMPLETE.json"
_PUT_BACK = "put back a copy of it"


@dataclass(frozen=True)
class Damage:
    """One thing that is not as the run left it.

    Attributes:
        path: Within the run's folder.
        remedy: What makes it whole again.
    """

    path: str
    found: str
    remedy: str


@dataclass
class Verification:
    """What was looked at, what is damaged, and what is worth knowing though nothing is damaged by it."""

    files: int = 0
    size_bytes: int = 0
    responses: int = 0
    damages: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, path: str, found: str, remedy: str) -> None:
        """Note a damage."""
        self.damages.append(Damage(path, found, remedy))


def verify_run(root: Path) -> Verification:
    """Look a run folder through; nothing in it is changed.

    Raises:
        InputError: It is no run folder.
    """
    return _Verifier(root).verify()


class _Verifier:
    def __init__(self, root: Path) -> None:
        self._folder = RunFolder(root)
        self._found = Verification()
        self._run_again = (
            f"supercorrect run {shlex.quote(str(root / 'recipe.yaml'))} --output-dir {shlex.quote(str(root))}"
        )

    def verify(self) -> Verification:
        root, found = self._folder.root, self._found
        if not any((root / name).exists() for name in ("manifest.json", "store.sqlite", "recipe.yaml")):
            raise InputError(f"not a run folder: expected {root / 'manifest.json'}; name one that `run` wrote")
        manifest = self._read_manifest()
        whole = {name for stage, entry in manifest.stages.items() for name in self._whole_outputs(stage, entry)}
        whole_files = {name for name, file in manifest.files.items() if self._is_whole_file(name, file)}
        keys = self._check_store(manifest, is_same="store.sqlite" in whole_files)
        self._check_counts(manifest)
        self._check_training_state()
        self._check_lineage(manifest, whole, keys)
        if not manifest.files and manifest.stages:
            found.notes.append(
                "the run is under way, or was killed: finished stages and stored responses are checked, and nothing "
                "else can be; the same command goes on"
            )
        found.notes += [f"{name}: no stage lists it, and nothing reads it" for name in self._unlisted(manifest)]
        return found

    def _read_manifest(self) -> Manifest:
        remedy = (
            f"{_PUT_BACK}, or start the run again without it: every stage is done again from the store, which pays "
            f"for nothing twice ({self._run_again})"
        )
        try:
            manifest = self._folder.read_manifest()
        except StorageError as error:
            self._found.add("manifest.json", str(error.__cause__), remedy)
            return Manifest()
        if manifest.stages:
            self._found.files += 1
        elif self._folder.events.is_file() and b'"stage_finished"' in self._folder.events.read_bytes():
            self._found.add(
                "manifest.json", "it is missing, or names no stage, though the log says that one ended", remedy
            )
        return manifest

    def _whole_outputs(self, stage: str, entry: StageEntry) -> Iterator[str]:
        remedy = f"run again: {self._run_again} (makes {stage} again, and what depends on it if that comes out changed)"
        for name, output in entry.outputs.items():
            difference = self._difference(name, output)
            if difference is None:
                yield name
            else:
                self._found.add(name, difference, remedy)

    def _is_whole_file(self, name: str, file: OutputFile) -> bool:
        if name == "store.sqlite":  # what its bytes are worth, its rows say
            return self._difference(name, file) is None
        difference = self._difference(name, file, grows=name == "decisions.jsonl")
        if difference is not None:
            again = f"run again: {self._run_again} (writes it anew)"
            recipe = "start the run again with the recipe file that it was made from"
            decided = f"{_PUT_BACK}, or take the damaged lines out and decide again: supercorrect view --review"
            self._found.add(name, difference, {"recipe.yaml": recipe, "decisions.jsonl": decided}.get(name, again))
        return difference is None

    def _difference(self, name: str, file: OutputFile, *, grows: bool = False) -> str | None:
        """In what a file differs from what is vouched for; None: in nothing."""
        path = self._folder.root / name
        try:
            size = path.stat().st_size
            self._found.files += 1
            self._found.size_bytes += size
            if size < file.size_bytes or (size > file.size_bytes and not grows):
                return f"expected {file.size_bytes} bytes, found {size}"
            if grows:
                with path.open("rb") as stream:
                    sha256 = hashlib.sha256(stream.read(file.size_bytes)).hexdigest()
            else:
                sha256 = file_sha256(path)
        except OSError as error:
            return "it is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        except StorageError as error:
            return str(error)
        return None if sha256 == file.sha256 else "its bytes are not those that were written"

    def _check_store(self, manifest: Manifest, *, is_same: bool) -> frozenset[str]:
        """Check all responses; returns the keys of those that are whole."""
        name, vouched = "store.sqlite", "store.sqlite" in manifest.files
        if not (self._folder.root / name).exists():
            if vouched:
                self._found.add(name, "it is missing", f"{_PUT_BACK}: every response would have to be paid for again")
            return frozenset()
        check = check_store(self._folder.root / name)
        self._found.responses = len(check.keys)
        lost = f"{_PUT_BACK}, or move it away: its responses are asked for again, and paid for again"
        for fault in check.faults:
            self._found.add(name, fault, lost)
        if vouched and not is_same and not check.faults:
            accept = f"to go on with the file as it is, run again: {self._run_again}"
            found = f"its bytes are not those that were written, but all {len(check.keys)} responses in it are whole"
            self._found.add(name, found, f"{_PUT_BACK}; {accept}")
        return check.keys

    def _check_counts(self, manifest: Manifest) -> None:
        """in = kept + Σ rejected by reason, and as many rejected rows as are counted."""
        for stage, entry in manifest.stages.items():
            rejected = sum(entry.rejected.values())
            if entry.inputs != entry.kept + rejected:
                counts = f"in = {entry.inputs}, but kept + rejected = {entry.kept} + {rejected}"
                self._found.add("manifest.json", f"{stage}: {counts}", f"run again from it: --from {stage}")
            rejects = self._folder.rejects(stage)
            if str(rejects.relative_to(self._folder.root)) in entry.outputs and rejects.exists():
                rows = rejects.read_bytes().count(b"\n")
                if rows != rejected:
                    found = f"{rows} rows, but the manifest counts {rejected} rejected"
                    self._found.add(f"rejects/{stage}.jsonl", found, f"run again from it: --from {stage}")

    def _check_training_state(self) -> None:
        """What a training would go on from: a damaged checkpoint is never used, so it costs steps alone."""
        checkpoints = self._folder.root / "checkpoints"
        for marker in sorted(checkpoints.glob(f"*/state/*/{_CHECKPOINT_MARKER}")):
            folder = marker.parent
            files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f != marker]
            self._found.files += len(files) + 1
            self._found.size_bytes += sum(file.stat().st_size for file in files)
            try:
                is_whole = json.loads(marker.read_bytes()) == {
                    str(f.relative_to(folder)): file_sha256(f) for f in files
                }
            except (OSError, ValueError):
                is_whole = False
            if not is_whole:
                remedy = "none is needed: a training that goes on takes the newest whole checkpoint before it"
                self._found.add(self._name(folder), "it is not what its COMPLETE.json says", remedy)
        for path in sorted(checkpoints.glob("*/reference.json")):
            self._found.files += 1
            try:
                read_sealed_json(path)
            except (OSError, ValueError) as error:
                self._found.add(self._name(path), str(error), "none is needed: a training computes it again")

    def _check_lineage(self, manifest: Manifest, whole: set[str], keys: frozenset[str]) -> None:
        listed = [name for entry in manifest.stages.values() for name in entry.outputs]
        records = [name for name in listed if name.startswith("data/") and name.endswith(RECORDS)]
        if not whole.issuperset(records):
            self._found.notes.append("lineage is not checked: there are damaged records")
            return
        files = {name.removeprefix("data/"): self._folder.root / name for name in records}
        try:
            for name, fault in find_dangling(files, keys):
                self._found.add(f"data/{name}", fault, f"run again: {self._run_again}")
        except ValueError as error:
            self._found.add("data", f"a file of records is not JSON lines: {error}", f"run again: {self._run_again}")

    def _unlisted(self, manifest: Manifest) -> list[str]:
        listed = {name for entry in manifest.stages.values() for name in entry.outputs}
        found = (
            f for part in ("data", "rejects") for f in sorted((self._folder.root / part).rglob("*")) if f.is_file()
        )
        return [name for name in map(self._name, found) if name not in listed]

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._folder.root))


def as_json(found: Verification) -> dict[str, Any]:
    """A verification as JSON holds it."""
    return {
        "whole": not found.damages,
        "files": found.files,
        "size_bytes": found.size_bytes,
        "responses": found.responses,
        "damages": [{"path": d.path, "found": d.found, "remedy": d.remedy} for d in found.damages],
        "notes": found.notes,
    }
