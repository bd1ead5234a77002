"""Grading whole files: order, resumption after a kill, and errors that name the line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supercorrect.errors import InputError, StorageError
from supercorrect.grading import Grader, grade_file


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _rows(count: int) -> list[dict[str, object]]:
    return [{"id": n, "reference_answer": str(n % 7), "completion": f"\\boxed{{{n % 5}}}"} for n in range(count)]


def test_rows_come_back_in_order_with_all_their_columns(tmp_path: Path) -> None:
    rows = [*_rows(500), {"id": "last", "reference_answer": "7", "answer": "seven", "extra": 1}]
    progress: list[tuple[int, int]] = []
    with Grader() as grader:
        counts = grade_file(
            _write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl", grader, lambda *done: progress.append(done)
        )
    out = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in out] == [row["id"] for row in rows]
    assert out[3] == {"id": 3, "status": "correct", "extracted": "3", "reason": None, "extraction_rule": "boxed"}
    assert counts.total() == 501
    assert progress[-1] == (501, 501)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "in.jsonl:3: expected one JSON object a line"),
        ("[1]", "in.jsonl:3: expected a JSON object, got list"),
        ('{"reference_answer": "7", "answer": "7"}', "in.jsonl:3: expected 'id'"),
        ('{"id": 1, "reference_answer": 7, "answer": "7"}', "in.jsonl:3: expected 'reference_answer' to be a string"),
        ('{"id": 1, "reference_answer": "7"}', "in.jsonl:3: expected one of 'completion' and 'answer'"),
        ('{"id": 1, "reference_answer": "7", "answer": null}', "in.jsonl:3: expected 'answer' to be a string"),
    ],
)
def test_a_malformed_row_is_named_before_anything_is_graded(tmp_path: Path, line: str, message: str) -> None:
    path = _write(tmp_path / "in.jsonl", _rows(2))
    path.write_text(path.read_text() + line + "\n")
    with Grader() as grader, pytest.raises(InputError) as caught:
        grade_file(path, tmp_path / "out.jsonl", grader)
    assert message in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_missing_file_and_a_missing_folder_say_so(tmp_path: Path) -> None:
    with Grader() as grader:
        with pytest.raises(InputError, match="cannot be read"):
            grade_file(tmp_path / "none.jsonl", tmp_path / "out.jsonl", grader)
        with pytest.raises(StorageError, match="cannot be written"):
            grade_file(_write(tmp_path / "in.jsonl", _rows(2)), tmp_path / "no/out.jsonl", grader)


_SLOW_RUN = """
import sys, time
from pathlib import Path
from supercorrect.grading import Grader, grade_file
with Grader() as grader:
    grade_file(Path(sys.argv[1]), Path(sys.argv[2]), grader, lambda done, total: time.sleep(0.05))
"""


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    source = _write(tmp_path / "in.jsonl", _rows(5000))
    partial = tmp_path / "out.jsonl.partial"
    run = subprocess.Popen([sys.executable, "-c", _SLOW_RUN, str(source), str(tmp_path / "out.jsonl")])
    deadline = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size > 2000) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    kept = len(partial.read_bytes().splitlines())
    assert 0 < kept < 5000
    with partial.open("a") as stream:
        stream.write('{"id": 77, "sta')  # as a write that was cut
    graded: list[int] = []
    with Grader() as grader:
        grade_file(source, tmp_path / "out.jsonl", grader, lambda done, total: graded.append(done))
        grade_file(source, tmp_path / "whole.jsonl", grader)
    assert graded[0] > kept
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_other_settings_start_again(tmp_path: Path) -> None:
    source = _write(tmp_path / "in.jsonl", _rows(10))
    (tmp_path / "out.jsonl.partial").write_text('{"id": 0, "status": "ungradable"}\n')
    (tmp_path / "out.jsonl.partial.of").write_text("of another run\n")
    with Grader() as grader:
        assert grade_file(source, tmp_path / "out.jsonl", grader)["ungradable"] == 0
