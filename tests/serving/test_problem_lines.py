"""Problems from files and standard input."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from supercorrect.errors import InputError
from supercorrect.serving.problem_lines import read_problem_lines


def test_a_line_is_a_problem_or_an_object_that_has_one(tmp_path: Path) -> None:
    path = tmp_path / "problems"
    path.write_text('What is 2 + 2?\n\n{"problem": "3 + 3?", "level": 1}\n[1, 2]\n{broken\n42\n', encoding="utf-8")
    assert list(read_problem_lines(str(path))) == ["What is 2 + 2?", "3 + 3?", "[1, 2]", "{broken", "42"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1 + 1?\r\n"))
    assert list(read_problem_lines("-")) == ["1 + 1?"]


@pytest.mark.parametrize("line", ['{"question": "1 + 1?"}', '{"problem": 3}', '{"problem": " "}', "{}"])
def test_an_object_without_a_problem_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(f"fine\n{line}\n")
    with pytest.raises(InputError, match=r"p\.jsonl:2"):
        list(read_problem_lines(str(path)))


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone"):
        list(read_problem_lines(str(tmp_path / "gone")))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        list(read_problem_lines(str(tmp_path / "binary")))
