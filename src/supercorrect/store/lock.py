"""One live process for one run folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from supercorrect.errors import RunLockedError, StorageError

_held: set[Path] = set()


class RunLock:
    """Holds a run folder for this process: `with RunLock(folder): …`.

    The kernel gives the lock back when the process ends, however it ends; the file LOCK that stays behind holds
    nothing. A record lock (`lockf`) belongs to this process alone: a forked worker that outlives a killed run does not
    keep the folder locked, as it would with `flock`. Not for network file systems.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder.resolve() / "LOCK"
        self._descriptor = -1

    def __enter__(self) -> RunLock:
        """Take the lock.

        Raises:
            RunLockedError: Another live process, or another part of this one, holds the folder.
        """
        if self._path in _held:
            raise self._locked_by(str(os.getpid()))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except (BlockingIOError, PermissionError) as error:
            if self._descriptor < 0:
                raise self._unwritable(error) from error
            holder = os.pread(self._descriptor, 32, 0).decode().strip()
            os.close(self._descriptor)
            raise self._locked_by(holder) from None
        except OSError as error:
            raise self._unwritable(error) from error
        _held.add(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _held.discard(self._path)
        os.close(self._descriptor)
        self._descriptor = -1

    def _locked_by(self, pid: str) -> RunLockedError:
        return RunLockedError(
            f"{self._path.parent}: process {pid or 'unknown'} is at work in this run folder. "
            "Wait until it ends, or choose another folder."
        )

    def _unwritable(self, error: OSError) -> StorageError:
        return StorageError(f"{self._path}: the run folder cannot be locked: {error.strerror}.")
