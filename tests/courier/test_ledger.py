"""The file in which a courier writes down what came too late."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path

import pytest

from supercorrect.courier.ledger import (
    Answer,
    LedgerReader,
    create_ledger,
    find_ledgers,
    release_ledger,
    write_answer,
    write_awaited,
)

ANSWER = Answer("key/20", 200, [("content-type", "application/json")], '{"text": "four \\n é"}')


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A name that a pattern would take for something else."""
    return tmp_path / "s[1]*.sqlite"


def opened(store: Path) -> tuple[Path, int]:
    """A ledger of a process that is gone, as far as this one knows."""
    path, descriptor = create_ledger(store)
    release_ledger(path, courier_is_gone=False)
    return path, descriptor


def test_what_is_written_is_read_as_it_comes(store: Path) -> None:
    path, descriptor = opened(store)
    reader = LedgerReader(path)
    assert reader.read() == [] and reader.awaited is None
    write_awaited(descriptor, ["key/20", "other/20"])
    assert reader.read() == [] and reader.awaited == {"key/20", "other/20"}
    write_answer(descriptor, ANSWER)
    assert reader.read() == [ANSWER] and reader.awaited == {"other/20"}
    assert reader.read() == [] and reader.answers == [ANSWER] and ANSWER.key == "key"
    os.close(descriptor)
    reader.read()
    assert reader.awaited == set()  # its courier is gone: nothing comes any more
    reader.close()


def test_a_process_does_not_find_its_own(store: Path) -> None:
    path, descriptor = create_ledger(store)
    assert find_ledgers(store) == []
    release_ledger(path, courier_is_gone=False)
    assert find_ledgers(store) == [path] and find_ledgers(store.with_name("s1x.sqlite")) == []
    os.close(descriptor)


def test_nothing_is_left_of_a_courier_that_was_killed_before_it_said_anything(store: Path) -> None:
    path, descriptor = create_ledger(store)
    release_ledger(path, courier_is_gone=False)
    assert path.exists()  # it may be about to
    release_ledger(path, courier_is_gone=True)
    assert not path.exists()
    os.close(descriptor)


def line_of(value: object) -> bytes:
    text = json.dumps(value).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_line_is_no_answer(store: Path, damage: str) -> None:
    path, descriptor = opened(store)
    write_answer(descriptor, ANSWER)
    written = path.read_bytes()
    for at in range(len(written)):
        flipped = written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :]
        path.write_bytes(written[:at] if damage == "cut" else flipped)
        reader = LedgerReader(path)
        assert reader.read() == [], at
        reader.close()
    os.close(descriptor)


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        {},
        {"awaited": 3},
        {"call": "k/1", "status": "ok", "headers": [], "body": ""},
        {"call": "k/1", "status": 200, "headers": [[1, 2, 3]], "body": ""},
        "[" * 100_000,
    ],
)
def test_a_line_of_somebody_else_is_no_answer(store: Path, value: object) -> None:
    path, descriptor = opened(store)
    os.write(descriptor, b"\xff\n\n " + line_of(value))
    if isinstance(value, str):
        text = value.encode()
        os.write(descriptor, b"%08x %s\n" % (zlib.crc32(text), text))
    write_answer(descriptor, ANSWER)
    reader = LedgerReader(path)
    assert reader.read() == [ANSWER]
    reader.close()
    os.close(descriptor)


def test_what_is_no_file_is_refused(store: Path) -> None:
    fifo, link = (store.with_name(f"{store.name}-late-{name}") for name in ("fifo", "link"))
    os.mkfifo(fifo)
    link.symlink_to("/etc/passwd")
    assert find_ledgers(store) == [fifo, link]
    for path in (fifo, link):
        with pytest.raises(OSError):
            LedgerReader(path)
