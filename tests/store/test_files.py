"""A file is whole or absent, and a damaged row is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supercorrect.errors import InputError, StorageError
from supercorrect.records import Rejection
from supercorrect.store import file_sha256, read_records, write_json_atomic, write_records, write_text_atomic


def rejections(count: int) -> list[Rejection]:
    return [
        Rejection(stage="thoughts", item_id=f"problem-{n}", reason="refused", detail="a\u2028b\n" * n)
        for n in range(count)
    ]


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "data" / "rejected.jsonl"
    write_records(path, rejections(5))
    assert read_records(path, Rejection) == rejections(5)
    assert [file.name for file in path.parent.iterdir()] == ["rejected.jsonl"]


def test_a_damaged_row_is_an_input_error_that_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    write_records(path, rejections(3))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"rejected\.jsonl:3: expected a Rejection row, got '\{"):
        read_records(path, Rejection)


def test_a_row_of_another_kind_names_its_field(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    write_text_atomic(path, '{"stage": "thoughts", "item_id": "p", "reason": "r", "colour": "red"}\n')
    with pytest.raises(InputError, match="colour: Extra inputs"):
        read_records(path, Rejection)


def test_a_missing_file_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Run the stage that writes it"):
        read_records(tmp_path / "none.jsonl", Rejection)


def test_a_failing_disk_leaves_the_old_file_in_place(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_json_atomic(path, {"state": "old"})
    before = file_sha256(path)
    script = f"""
import resource, signal
from pathlib import Path
from supercorrect.store import write_text_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write_text_atomic(Path({str(path)!r}), "x" * 10_000)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "StorageError" in ended.stderr and "manifest.json: cannot be written: File too large" in ended.stderr
    assert file_sha256(path) == before


def test_a_failing_record_leaves_the_old_file_in_place(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    write_records(path, rejections(2))
    before = file_sha256(path)

    def breaking() -> Iterator[Rejection]:
        yield rejections(1)[0]
        raise RuntimeError("the stage failed half-way")

    with pytest.raises(RuntimeError):
        write_records(path, breaking())
    assert file_sha256(path) == before


def test_an_unwritable_place_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_text_atomic(tmp_path / "file" / "manifest.json", "text")
