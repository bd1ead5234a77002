"""A session's file beside the store: its lock says that the courier is at work, its lines are what came too late."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import tempfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from glob import escape
from pathlib import Path
from typing import Any

from supercorrect.errors import StorageError

_MARK = "-late-"
_own: set[Path] = set()


@dataclass(frozen=True)
class Answer:
    """A success that an endpoint sent.

    Attributes:
        call: The request's name, `KEY/ATTEMPT`: the same in every run.
    """

    call: str
    status: int
    headers: list[tuple[str, str]]
    body: str

    @property
    def key(self) -> str:
        """The key that the store knows the request by."""
        return self.call.partition("/")[0]


def create_ledger(store: Path) -> tuple[Path, int]:
    """Make a session's file and lock it. The lock is held by all who have the descriptor, whoever dies.

    Raises:
        StorageError: The disk does not take it.
    """
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


def release_ledger(path: Path, *, courier_is_gone: bool) -> None:
    """Say that a session of this process is over: if anything stands in its file, it is one of those that are found."""
    _own.discard(path)
    with suppress(FileNotFoundError):
        if courier_is_gone and path.stat().st_size == 0:  # it was killed
            path.unlink()


def find_ledgers(store: Path) -> list[Path]:
    """The files of sessions that are over, and of those that other processes have at work."""
    return [path for path in sorted(store.parent.glob(f"{escape(store.name)}{_MARK}*")) if path not in _own]


def write_awaited(descriptor: int, calls: list[str]) -> None:
    """Say which calls' answers may still come."""
    _write_line(descriptor, {"awaited": calls})


def write_answer(descriptor: int, answer: Answer) -> None:
    """Add an answer."""
    _write_line(descriptor, asdict(answer))


class LedgerReader:
    """Follows a file whose courier may still be writing.

    Attributes:
        answers: Those that have come, in their order.
        awaited: Calls whose answers may still come. None: the courier has not said yet.

    Raises:
        OSError: It is no file, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: list[Answer] = []
        self.awaited: set[str] | None = None
        self._unread = b""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise OSError(f"{path}: expected a file")

    def read(self) -> list[Answer]:
        """The answers that have come since the last time. A damaged line is none: the request is made again."""
        is_at_work = self._is_locked()  # before the look, so that the last lines of one who ends now are seen
        while part := os.read(self._descriptor, 1 << 20):
            self._unread += part
        *lines, self._unread = self._unread.split(b"\n")
        fresh = []
        for line in lines:
            said = _parse_line(line)
            if isinstance(said, Answer):
                fresh.append(said)
                (self.awaited or set()).discard(said.call)
            elif said is not None:
                self.awaited = said
        if not is_at_work:
            self.awaited = set()
        self.answers += fresh
        return fresh

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


def _write_line(descriptor: int, value: dict[str, Any]) -> None:
    text = json.dumps(value).encode()
    os.write(descriptor, b"%08x %s\n" % (zlib.crc32(text), text))
    os.fsync(descriptor)


def _parse_line(line: bytes) -> Answer | set[str] | None:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        value = json.loads(text)
        if "awaited" in value:
            return {str(call) for call in value["awaited"]}
        headers = [(str(name), str(word)) for name, word in value["headers"]]
        return Answer(str(value["call"]), int(value["status"]), headers, str(value["body"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
