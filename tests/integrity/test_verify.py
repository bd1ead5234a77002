"""verify finds whatever is damaged in a run, names what makes it whole, and never fails itself (R6, R15)."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from small_runs import small_recipe
from supercorrect.cli import app
from supercorrect.errors import InputError
from supercorrect.integrity.verify import verify_run
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder

ROOMS = ("data", "rejects", "checkpoints", "store.sqlite", "manifest.json", "recipe.yaml", "metrics.json", "report")
HARMLESS = ("LOCK", "logs", "README.md", "stage.json")  # they hold nothing that a run is read from
SPARE = ("COMPLETE.json", "reference.json")  # where one is gone, it is made again like one that never was


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    """A copy of a finished run, with one arm's checkpoints of its training."""
    states = shutil.ignore_patterns("state")
    copy = Path(shutil.copytree(small_run, tmp_path / "run", ignore=states))
    shutil.copytree(small_run / "checkpoints/cross_dpo/state", copy / "checkpoints/cross_dpo/state")
    return copy


def damage(path: Path, rng: random.Random) -> str:
    """Flip a bit, cut the end off, overwrite a stretch, or take the file away; says which."""
    whole = bytearray(path.read_bytes())
    kinds = ("flip", "cut", "overwritten", "gone")
    kind = rng.choice(kinds[:3] if path.name in SPARE else kinds) if whole else "gone"
    place = rng.randrange(len(whole)) if whole else 0
    if kind == "flip":
        whole[place] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del whole[place:]
    elif kind == "overwritten":
        stretch = whole[place : place + 512]
        whole[place : place + 512] = bytes(byte ^ 0xFF for byte in stretch)
    if kind == "gone":
        path.unlink()
    else:
        path.write_bytes(whole)
    return kind


@pytest.mark.parametrize("count", [32, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_damaged_file_is_found(run: Path, count: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    rng = random.Random(seed)
    assert verify_run(run).damages == []
    by_room = {
        room: [
            path
            for path in sorted(run.rglob("*"))
            if path.is_file() and str(path.relative_to(run)).startswith(room) and path.name not in HARMLESS
        ]
        for room in ROOMS
    }
    done, found = Counter[str](), Counter[str]()
    for n in range(count):
        path = rng.choice(by_room[ROOMS[n % len(ROOMS)]])
        whole, name = path.read_bytes(), str(path.relative_to(run))
        kind = damage(path, rng)
        damaged = [one.path for one in verify_run(run).damages]
        is_found = any(name == one or name.startswith(f"{one}/") for one in damaged)
        done[kind] += 1
        found[kind] += is_found
        assert is_found, f"seed {seed}: {name} {kind} is not found"
        path.write_bytes(whole)
    print(f"seed {seed}: {count} damaged files")
    for kind in sorted(done):
        print(f"{kind:12} {done[kind]:5} injected {found[kind]:5} found")
    assert verify_run(run).damages == []


def test_one_flipped_bit_in_a_stored_text_is_found(run: Path) -> None:
    """Even where the run was killed, and nothing vouches for the file as a whole."""
    with sqlite3.connect(run / "store.sqlite") as connection:
        key, text = connection.execute("SELECT key, text FROM responses WHERE role = 'teacher' LIMIT 1").fetchone()
        flipped = text[:5] + chr(ord(text[5]) ^ 1) + text[6:]
        connection.execute("UPDATE responses SET text = ? WHERE key = ?", (flipped, key))
    folder = RunFolder(run)
    manifest = folder.read_manifest()
    folder.write_manifest(manifest.model_copy(update={"files": {}}))
    damages = {one.path: one for one in verify_run(run).damages}
    assert f"{key!r}"[:80] in damages["store.sqlite"].found
    assert "paid for again" in damages["store.sqlite"].remedy


def test_what_is_damaged_is_made_again_by_the_same_command(run: Path) -> None:
    """The remedy that verify names: a run reads no file that is not what its manifest lists."""
    broken = [run / "data/verdicts/errors.jsonl", run / "report.html", run / "checkpoints/hsft/model/model.safetensors"]
    before = {path: path.read_bytes() for path in broken}
    for path in broken:
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 4
        path.write_bytes(damaged)
    damages = {one.path: one.remedy for one in verify_run(run).damages}
    assert set(damages) == {str(path.relative_to(run)) for path in broken}
    assert "makes verdicts again" in damages["data/verdicts/errors.jsonl"]
    assert f"supercorrect run {run}/recipe.yaml --output-dir {run}" in damages["report.html"]
    Pipeline(small_recipe(run), Reporter(quiet=True)).run()
    assert {path: path.read_bytes() for path in broken if path.name != "report.html"} == {
        path: whole for path, whole in before.items() if path.name != "report.html"
    }
    assert verify_run(run).damages == []


def test_counts_and_ids_that_do_not_add_up_are_found(run: Path) -> None:
    folder = RunFolder(run)
    pairs = folder.data("pairs/train")
    rows = [json.loads(line) for line in pairs.read_text().splitlines()]
    rows[0]["solution_id"] = "solution-of-another-run"
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = folder.read_manifest()
    entry = manifest.stages["pairs"]
    lying = entry.model_copy(update={"kept": entry.kept + 1, "outputs": entry.outputs | folder.describe([pairs])})
    folder.write_manifest(manifest.model_copy(update={"stages": manifest.stages | {"pairs": lying}}))
    found = {one.path: one.found for one in verify_run(run).damages}
    assert "line 1: solution_id solution-of-another-run is nowhere" in found["data/pairs/train.jsonl"]
    assert f"pairs: in = {entry.inputs}, but kept + rejected" in found["manifest.json"]


def test_a_file_that_no_stage_lists_is_named_and_no_damage(run: Path) -> None:
    (run / "data" / "pairs" / "old.jsonl").write_text("{}\n")
    found = verify_run(run)
    assert found.damages == [] and any("data/pairs/old.jsonl: no stage lists it" in note for note in found.notes)


def test_the_command_exits_with_1_on_damage_and_says_it_as_json(run: Path) -> None:
    assert CliRunner().invoke(app, ["verify", str(run)]).exit_code == 0
    (run / "recipe.yaml").write_text("name: other\n")
    shown = CliRunner().invoke(app, ["verify", str(run), "--json"])
    assert shown.exit_code == 1
    [damaged] = json.loads(shown.stdout)["damages"]
    assert damaged["path"] == "recipe.yaml" and "recipe file that it was made from" in damaged["remedy"]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        verify_run(tmp_path)
