"""A session's file beside the store: its lock says that the courier is at work, its lines are what came too late."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from supercorrect.errors import StorageError

_MARK = "-late-"
_own: set[Path] = set()


@dataclass(frozen=True)
class Answer:
    """The body of a success.

    Attributes:
        call: The request's name, `KEY/ATTEMPT`: the same in every run.
    """

    call: str
    body: str

    @property
    def key(self) -> str:
        """The key that the store knows the request by."""
        return key_of(self.call)


def key_of(call: str) -> str:
    """The key in a call's name."""
    return call.partition("/")[0]


def create_ledger(store: Path) -> tuple[Path, int]:
    """Make a session's file and lock it. The lock is held by all who have the descriptor, whoever dies.

    Raises:
        StorageError: The disk does not take it.
    """
    store = store.resolve()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"{store.name}{_MARK}", dir=store.parent)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise StorageError(
            f"{store.parent}: no file can be made or locked there: {error.strerror}. Free some space or choose another "
            "folder, then start the same command again; what is finished is kept."
        ) from error
    _own.add(Path(name))
    return Path(name), descriptor


def release_ledger(path: Path, *, is_over: bool) -> None:
    """Say that this process has no more to do with a session: what stands in its file may be found from now on.

    Args:
        is_over: Whether its courier has ended it, and has written all that it will. An empty file then goes.
    """
    _own.discard(path)
    with suppress(OSError):
        if is_over and path.stat().st_size == 0:  # its courier was killed
            path.unlink()


def find_ledgers(store: Path) -> list[Path]:
    """The files of sessions that are over, and of those that other processes have at work."""
    store = store.resolve()
    return [path for path in sorted(store.parent.glob(f"{escape(store.name)}{_MARK}*")) if path not in _own]


def write_awaited(descriptor: int, calls: list[str]) -> None:
    """Say which calls' answers may still come."""
    _write_line(descriptor, {"awaited": calls})


def write_given_up(descriptor: int, call: str) -> None:
    """Say that the answer to a call will not come."""
    _write_line(descriptor, {"given_up": call})


def write_answer(descriptor: int, answer: Answer) -> None:
    """Add an answer."""
    _write_line(descriptor, {"call": answer.call, "body": answer.body})


class LedgerReader:
    """Follows a file whose courier may still be writing.

    Attributes:
        answers: Those that have come, in their order.
        awaited: Calls whose answers may still come.
        is_listed: Whether the courier has said which; it does so as soon as its run is gone.
        is_over: Whether nobody was at work on it any more when it was last read, to its end.

    Raises:
        OSError: It is no file, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: list[Answer] = []
        self.awaited: set[str] = set()
        self.is_listed = self.is_over = False
        self._unread = b""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise OSError(f"{path}: expected a file")

    def read(self) -> list[Answer]:
        """The answers that have come since the last time. A damaged line is none: the request is made again."""
        self.is_over = not self._is_locked()  # before the look, so that the last lines of one who ends now are seen
        while part := os.read(self._descriptor, 1 << 20):
            self._unread += part
        *lines, self._unread = self._unread.split(b"\n")
        known = len(self.answers)
        for line in lines:
            self._take(line)
        if self.is_over:
            self.awaited, self.is_listed = set(), True
        return self.answers[known:]

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _is_locked(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def _take(self, line: bytes) -> None:
        match _parse_line(line):
            case {"awaited": list(calls)}:
                self.awaited, self.is_listed = {str(call) for call in calls}, True
            case {"given_up": str(call)}:
                self.awaited.discard(call)
            case {"call": str(call), "body": str(body)}:
                self.awaited.discard(call)
                self.answers.append(Answer(call, body))


def _write_line(descriptor: int, value: dict[str, Any]) -> None:
    text = json.dumps(value).encode()
    line = b"%08x %s\n" % (zlib.crc32(text), text)
    os.write(descriptor, b"\n" + line)  # a line that a full disk cut short does not take this one along
    os.fsync(descriptor)


def _parse_line(line: bytes) -> Any:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half a character, written as \ud800, is no text
    except (ValueError, RecursionError):
        return None
    return value
