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
    write_given_up,
)

ANSWER = Answer("key/20", '{"text": "four \\n é"}')


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A name that a pattern would take for something else."""
    return tmp_path / "s[1]*.sqlite"


OTHER = Answer("other/20", "{}")


def opened(store: Path) -> tuple[Path, int]:
    """A ledger of a process that is gone, as far as this one knows."""
    path, descriptor = create_ledger(store)
    release_ledger(path, is_over=False)
    return path, descriptor


def test_what_is_written_is_read_as_it_comes(store: Path) -> None:
    path, descriptor = opened(store)
    reader = LedgerReader(path)
    assert reader.read() == [] and not reader.is_listed and not reader.is_over
    write_awaited(descriptor, ["key/20", "other/20", "third/20"])
    assert reader.read() == [] and reader.awaited == {"key/20", "other/20", "third/20"} and reader.is_listed
    write_given_up(descriptor, "third/20")
    assert reader.read() == [] and reader.awaited == {"key/20", "other/20"}
    write_answer(descriptor, ANSWER)
    assert reader.read() == [ANSWER] and reader.awaited == {"other/20"}
    assert reader.read() == [] and reader.answers == [ANSWER] and ANSWER.key == "key"
    os.close(descriptor)
    reader.read()
    assert reader.is_over and reader.awaited == set()  # its courier is gone: nothing comes any more
    reader.close()


def test_a_process_does_not_find_its_own(store: Path) -> None:
    path, descriptor = create_ledger(store)
    assert find_ledgers(store) == []
    release_ledger(path, is_over=False)
    assert find_ledgers(store) == [path] and find_ledgers(store.with_name("s1x.sqlite")) == []
    os.close(descriptor)


def test_nothing_is_left_of_a_courier_that_was_killed_before_it_said_anything(store: Path) -> None:
    path, descriptor = create_ledger(store)
    release_ledger(path, is_over=False)
    assert path.exists()  # it may be about to
    release_ledger(path, is_over=True)
    assert not path.exists()
    os.close(descriptor)


def line_of(value: object) -> bytes:
    text = json.dumps(value).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_line_is_no_answer_and_harms_no_other(store: Path, damage: str) -> None:
    """As when a disk is full for one line, and not for the next."""
    path, descriptor = opened(store)
    write_answer(descriptor, ANSWER)
    written = path.read_bytes()
    write_answer(descriptor, OTHER)
    next_line = path.read_bytes()[len(written) :]
    for at in range(len(written) - 1):
        flipped = written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :]
        path.write_bytes((written[:at] if damage == "cut" else flipped) + next_line)
        reader = LedgerReader(path)
        assert reader.read() == [OTHER], at
        reader.close()
    os.close(descriptor)


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        {},
        {"awaited": 3},
        {"call": "k/1"},
        {"call": 1, "body": ""},
        {"call": "k/1", "body": "\ud800"},
        {"call": "k/1", "body": None},
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
