"""The run's side of the courier's life: started when it is first needed, one for each process that asks."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import threading

from supercorrect.errors import SuperCorrectError

_COMMAND = (sys.executable, "-P", "-m", "supercorrect.courier.process")


class _Launched:
    """A courier at work, and the socket that it is told of sessions by."""

    def __init__(self) -> None:
        self.owner_pid = os.getpid()
        self._control, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [*_COMMAND, str(theirs.fileno()), str(self.owner_pid)],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # who reads ours until it is closed would wait for a late answer
                    start_new_session=True,
                )
            except OSError as error:
                raise SuperCorrectError(
                    f"the process that carries requests cannot be started: {error.strerror}. See that this machine has "
                    "memory and processes left, then start the same command again."
                ) from error

    def is_at_work(self) -> bool:
        """Raises SuperCorrectError where it has failed, as the next one would; one that was killed is replaced."""
        if (code := self._process.poll()) is not None and code > 0:
            raise SuperCorrectError(
                f"the process that carries requests ended with code {code}; `{shlex.join(_COMMAND)}` says why."
            )
        return code is None

    def send(self, channel: socket.socket, ledger: int) -> None:
        socket.send_fds(self._control, [b"."], [channel.fileno(), ledger])


_lock = threading.Lock()
_launched: _Launched | None = None


def ensure_launched() -> None:
    """Start this process's courier, unless it is at work. It is ready a third of a second later.

    Raises:
        SuperCorrectError: It cannot be started.
    """
    _courier()


def open_channel(ledger: int) -> socket.socket:
    """A new session with the courier; it is given the descriptor of the session's ledger.

    Raises:
        SuperCorrectError: It cannot be started.
        OSError: It ends as soon as it is started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            _courier().send(theirs, ledger)
        except OSError:  # it was killed a moment ago
            _courier(after_a_failure=True).send(theirs, ledger)
    ours.setblocking(False)
    return ours


def _courier(*, after_a_failure: bool = False) -> _Launched:
    global _launched
    with _lock:
        if after_a_failure or _launched is None or _launched.owner_pid != os.getpid() or not _launched.is_at_work():
            _launched = _Launched()
        return _launched
