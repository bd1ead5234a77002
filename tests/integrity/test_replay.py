"""A run's data sets come out of its stored responses again, byte for byte, and nobody is asked (R14)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from small_runs import small_recipe
from supercorrect.cli import app
from supercorrect.errors import ConfigError, InputError, RunLockedError
from supercorrect.integrity.replay import Replayed, replay_run
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder
from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.sandbox.teacher import answer
from supercorrect.store import RunLock

TRAINED = {"sft", "hsft", "hsft_continued", "cross_dpo"}


def replay(run: Path, output: Path) -> dict[str, Replayed]:
    return {stage.name: stage for stage in replay_run(RunFolder(run), output, Reporter(quiet=True))}


def test_every_data_set_and_the_report_come_out_again(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("sampled")

    monkeypatch.setattr(TransformersStudent, "sample", never)
    before = {path: path.read_bytes() for path in (small_run / "store.sqlite", small_run / "manifest.json")}
    stages = replay(small_run, tmp_path / "again")
    assert {name for name, stage in stages.items() if stage.state == "taken over"} == TRAINED
    assert {stage.state for name, stage in stages.items() if name not in TRAINED} == {"same"}
    assert list(stages)[-1] == "report" and len(stages) == 20
    made = {str(path.relative_to(small_run)): path for path in (small_run / "data").rglob("*") if path.is_file()}
    assert made and all((tmp_path / "again" / name).read_bytes() == path.read_bytes() for name, path in made.items())
    assert before == {path: path.read_bytes() for path in before}


@pytest.fixture
def faulty_run(tmp_path: Path) -> Path:
    """A run until `thoughts`, in which the teacher failed some requests for good."""
    faults = FaultScript(server_error=0.3, broken_json=0.1, refusal=0.1, seed=4)
    with running_app(create_app(answer, MockOptions(faults=faults))) as url:
        teacher = f"teacher={{model: oracle, api_key_env: null, base_url: '{url}', limits: {{max_attempts: 1}}}}"
        recipe = small_recipe(tmp_path / "run", teacher, "problems.hsft.count=24")
        Pipeline(recipe, Reporter(quiet=True)).run(until="thoughts")
    return tmp_path / "run"


def test_what_the_teacher_failed_to_answer_is_rejected_again_in_the_same_words(
    faulty_run: Path, tmp_path: Path
) -> None:
    rejected = RunFolder(faulty_run).read_manifest().stages["thoughts"].rejected
    assert rejected["failed"] > 0
    shown = CliRunner().invoke(app, ["replay", str(faulty_run), "--output", str(tmp_path / "again"), "--json"])
    assert shown.exit_code == 0, shown.output
    assert {stage["state"] for stage in json.loads(shown.stdout)["stages"]} == {"same"}
    again = CliRunner().invoke(app, ["replay", str(faulty_run), "--output", str(tmp_path / "again")])
    assert isinstance(again.exception, ConfigError) and "expected an empty folder" in str(again.exception)


def test_what_differs_and_what_is_missing_is_said(faulty_run: Path, tmp_path: Path) -> None:
    kept = RunFolder(faulty_run).data("thoughts/hsft")
    kept.write_bytes(kept.read_bytes().replace(b"Step1", b"Step7"))
    folder = RunFolder(faulty_run)
    manifest = folder.read_manifest()
    entry = manifest.stages["thoughts"]
    lying = entry.model_copy(update={"outputs": entry.outputs | folder.describe([kept])})
    folder.write_manifest(manifest.model_copy(update={"stages": manifest.stages | {"thoughts": lying}}))
    stages = replay(faulty_run, tmp_path / "again")
    assert (stages["thoughts"].state, stages["thoughts"].detail) == ("different", "data/thoughts/hsft.jsonl")
    with sqlite3.connect(faulty_run / "store.sqlite") as connection:
        connection.execute("DELETE FROM responses WHERE rowid = 1")
    shown = CliRunner().invoke(app, ["replay", str(faulty_run)])
    assert shown.exit_code == 1
    assert "thoughts: not made: 1 of 24 responses are not in" in shown.stdout.replace("\n", " ")


def test_problems_whose_source_is_gone_are_taken_over(tmp_path: Path) -> None:
    rows = "".join(
        json.dumps(
            {"problem": f"What is {n} + 1?", "reference_solution": f"It is {n + 1}.", "reference_answer": f"{n + 1}"}
        )
        + "\n"
        for n in range(6)
    )
    (tmp_path / "own.jsonl").write_text(rows)
    sets = [
        f"problems.{split}={{path: {tmp_path}/own.jsonl, skip: {n}, count: 2}}"
        for n, split in zip((0, 2, 4), ("hsft", "errors", "held_out"), strict=True)
    ]
    Pipeline(small_recipe(tmp_path / "run", *sets), Reporter(quiet=True)).run(until="problems")
    assert replay(tmp_path / "run", tmp_path / "one")["problems"].state == "same"
    (tmp_path / "own.jsonl").unlink()
    assert replay(tmp_path / "run", tmp_path / "two")["problems"].state == "taken over"


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run folder"):
        list(replay_run(RunFolder(tmp_path), tmp_path / "again", Reporter(quiet=True)))


def test_a_run_that_goes_on_is_left_alone(small_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(small_run, tmp_path / "run", ignore=shutil.ignore_patterns("checkpoints")))
    with RunLock(run), pytest.raises(RunLockedError):
        list(replay_run(RunFolder(run), tmp_path / "again", Reporter(quiet=True)))
