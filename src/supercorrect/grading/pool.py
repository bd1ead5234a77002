"""Worker processes with wall-clock and memory limits. None is started before the first request.

A worker is an ordinary subprocess, so that a pool works in threads, under asyncio, and inside daemonic processes (torch
data loaders, Ray workers), which may not have `multiprocessing` children.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supercorrect.errors import ConfigError

START_SECONDS = 300.0  # importing SymPy on a busy machine; no part of a check's time
_MARGIN_SECONDS = 0.3  # for the pool itself: a check ends inside its limit, all told
_GRACE_SECONDS = 0.1  # after the worker's own timer, before the pool gives up on it and kills it from outside
_WORKER = Path(__file__).with_name("worker.py")
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONHOME", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a worker found. `equal` is None where it could not tell, and only then `reason` says why."""

    equal: bool | None
    reason: str | None = None


class _WorkerGoneError(Exception):
    """Raised when a worker's process has ended or does not answer."""


class _Worker:
    """One supervisor process and its pipe. Used by one thread at a time."""

    def __init__(self, check: str, timeout_seconds: float, memory_mb: int) -> None:
        self._timeout_seconds = max(timeout_seconds / 2, timeout_seconds - _MARGIN_SECONDS)
        self._child: int | None = None  # the process that answers; None: a new one has not said so yet
        self._request_id = 0
        self._buffer = b""
        command = [sys.executable, "-P", str(_WORKER), str(memory_mb), check]
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )

    def check(self, reference: str, answer: str) -> CheckResult:
        """One request. Raises `_WorkerGoneError` where this worker can serve no more."""
        began = time.monotonic()
        while self._child is None:
            self._child = self._receive(began + START_SECONDS).get("ready")
        seconds = self._seconds_left(time.monotonic() - began)
        self._request_id += 1
        self._send({"id": self._request_id, "seconds": seconds, "reference": reference, "answer": answer})
        try:
            return self._await_result(time.monotonic() + seconds + _GRACE_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            self._child = None
            return CheckResult(None, "timeout")

    def _await_result(self, deadline: float) -> CheckResult:
        """The answer to the latest request, or how the child that worked on it died."""
        while True:
            reply = self._receive(deadline)
            if reply.get("died"):
                self._child = None
                return CheckResult(None, str(reply["reason"]))
            if reply.get("id") == self._request_id:
                return CheckResult(reply.get("result"), reply.get("reason"))

    def _seconds_left(self, waited: float) -> float:
        """The time for a check after waiting for the worker to start: what is left, but never less than two thirds."""
        return max(self._timeout_seconds * 2 / 3, self._timeout_seconds - waited)

    def _send(self, request: dict[str, Any]) -> None:
        body = json.dumps(request).encode()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"%d\n%s" % (len(body), body))
        except OSError as error:
            raise _WorkerGoneError("its pipe is closed") from error

    def _receive(self, deadline: float) -> dict[str, Any]:
        """The next message of the worker; raises TimeoutError where none comes in time."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            part = os.read(descriptor, 65536)
            if not part:
                raise _WorkerGoneError("its process has ended")
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Kill the supervisor and its child, and wait for them."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class WorkerPool:
    """Up to `workers` worker processes, started when they are first needed and replaced when they are lost.

    Args:
        check: `math` for math-verify, or `module:function` of the user.
        timeout_seconds: Wall-clock limit of one check, after which it is killed.
        memory_mb: Address space of one check.

    Raises:
        ConfigError: On the first check, if no worker can be started.
    """

    def __init__(self, workers: int, timeout_seconds: float, memory_mb: int, check: str = "math") -> None:
        self.workers = workers
        self._arguments = (check, timeout_seconds, memory_mb)
        self._start_empty()

    def _start_empty(self) -> None:
        self._slots = threading.Semaphore(self.workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._owner = os.getpid()

    @property
    def idle_workers(self) -> int:
        """How many worker processes run and wait for a request."""
        return len(self._idle)

    def check(self, reference: str, answer: str) -> CheckResult:
        """Compare in a worker; blocks while all are busy. Safe to call from any thread."""
        self._forget_workers_of_a_parent_process()
        with self._slots:
            worker = self._take()
            try:
                result = worker.check(reference, answer)
            except _WorkerGoneError:
                worker.close()
                return CheckResult(None, "crashed")
            except TimeoutError:
                worker.close()
                return CheckResult(None, "not_started")
            except BaseException:
                worker.close()
                raise
            with self._lock:
                self._idle.append(worker)
            return result

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop(0)
        try:
            return _Worker(*self._arguments)
        except OSError as error:
            raise ConfigError(
                f"cannot start a grading worker with {sys.executable!r}: {error}. Expected a Python interpreter with "
                "math-verify; run in the environment in which supercorrect is installed."
            ) from error

    def _forget_workers_of_a_parent_process(self) -> None:
        """After a fork the pipes belong to the parent: this process starts workers of its own."""
        if self._owner != os.getpid():
            self._start_empty()

    def close(self) -> None:
        """End all idle workers. The pool may be used again afterwards."""
        if self._owner != os.getpid():
            return
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.close()
