"""`parse_file`: rows in, rows out, and one clear message for a file that is not as expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supercorrect.errors import InputError, StorageError
from supercorrect.formats import parse_file

GOOD = '{"id": "a", "text": "<Step 1> x </Step 1> <Answer> 7 </Answer>"}'


def write(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "texts.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_row_gives_a_row(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff" + GOOD, "", '{"id": 2, "text": "\\ud83d", "model": "m"}')
    counts = parse_file("thought", path, tmp_path / "out.jsonl")
    steps = [{"text": "x", "keys": []}]
    record = {"steps": steps, "generalized": None, "answer": "7"}
    assert read(tmp_path / "out.jsonl") == [
        {"id": "a", "ok": True, "record": record, "repairs": ["tag_respelled"], "failure": None},
        {
            "id": 2,
            "ok": False,
            "record": None,
            "repairs": ["invalid_unicode", "text_outside_tags"],
            "failure": "no_steps",
        },
    ]
    assert (counts.rows, counts.ok, dict(counts.failures)) == (2, 1, {"no_steps": 1})
    assert counts.repairs["tag_respelled"] == 1


def test_corrections_are_read_as_corrections(tmp_path: Path) -> None:
    path = write(tmp_path, '{"id": "a", "text": "<Step1> x <Cause> c </Cause> </Step1>"}')
    parse_file("correction", path, tmp_path / "out.jsonl")
    assert read(tmp_path / "out.jsonl")[0]["record"] == {
        "steps": [{"text": "x", "cause": "c", "correction": None}],
        "answer": None,
        "first_error_step": 1,
    }


def test_an_empty_file_gives_an_empty_file(tmp_path: Path) -> None:
    assert parse_file("thought", write(tmp_path), tmp_path / "out.jsonl").rows == 0
    assert (tmp_path / "out.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ("{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "a JSON list"),
        ('{"text": "x"}', "no field 'id' (fields: text)"),
        ('{"id": "b"}', "no field 'text'"),
        ('{"id": "b", "text": null}', "'text' of type NoneType"),
        ('{"id": true, "text": "x"}', "'id' of type bool"),
    ],
)
def test_a_malformed_row_is_named_and_leaves_no_output(tmp_path: Path, line: str | bytes, got: str) -> None:
    path = write(tmp_path, GOOD, line)
    with pytest.raises(InputError) as raised:
        parse_file("thought", path, tmp_path / "out.jsonl")
    message = str(raised.value)
    assert message.startswith(f'{path}:2: expected {{"id": string or integer, "text": string}}, got ')
    assert got in message
    assert [found.name for found in tmp_path.iterdir()] == ["texts.jsonl"]


def test_an_older_output_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("old\n")
    with pytest.raises(InputError):
        parse_file("thought", write(tmp_path, GOOD, "{"), output)
    assert output.read_text() == "old\n"
    parse_file("thought", write(tmp_path, GOOD), output)
    assert len(read(output)) == 1


def test_paths_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.jsonl: expected a readable jsonl file"):
        parse_file("thought", tmp_path / "absent.jsonl", tmp_path / "out.jsonl")
    with pytest.raises(StorageError, match=r"out\.jsonl: cannot be written"):
        parse_file("thought", write(tmp_path, GOOD), tmp_path / "absent" / "out.jsonl")
