"""The process in which computer algebra and user code run. Started by path, it imports nothing of this package.

A supervisor imports math-verify once, then forks one child that answers requests: JSON lines on standard input, JSON
lines on standard output. The child sets a kernel timer before each request, so that it is killed when it overruns even
inside C code; the supervisor sees it die, says so, and forks the next one in a few milliseconds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import re
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

_WARM_UPS = (  # what SymPy imports late and caches is there before the fork, for every child
    ("\\frac{1}{2}", "0.5"),
    ("x^2+1", "1+x^2"),
    ("\\sin 2x", "2\\sin x\\cos x"),
    ("\\{1,2\\}", "1,2"),
    ("[1,2]\\cup[2,3]", "[1,3]"),
    ("x<1", "(-\\infty,1)"),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\3\\end{pmatrix}"),
)
Answer = dict[str, Any]
Check = Callable[[str, str], "bool | None"]

_OUT_OF_MEMORY, _NOT_SET_UP = 3, 4  # exit codes of a child
_DENIED_EVENTS = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.remove", "os.rename",
    "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "os.putenv", "os.kill",
    "os.killpg", "os.utime", "os.setxattr", "os.startfile", "shutil.", "ctypes.", "tempfile.", "pty.", "ftplib.",
    "urllib.", "http.", "smtplib.", "sqlite3.", "webbrowser.", "mmap.", "signal.pthread_kill", "fcntl.", "pathlib.",
    "glob.", "os.mkfifo", "os.mknod",
)  # fmt: skip


def main() -> int:
    """Serve until standard input ends. Arguments: MiB of memory; `math`, `regex` or `module:function`."""
    memory_mb, check_name = int(sys.argv[1]), sys.argv[2]
    requests, replies, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    check, problem = _load_check(check_name)
    gc.freeze()
    while True:
        child = os.fork()
        if child == 0:
            _serve(check, problem, memory_mb, requests, replies)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status in (0, _NOT_SET_UP):
            return status
        reason = "timeout" if status == -signal.SIGALRM else "memory" if status == _OUT_OF_MEMORY else "crashed"
        _reply(replies, {"died": True, "reason": reason})


def _load_check(name: str) -> tuple[Check | None, str]:
    """The function that grades, or why it could not be loaded."""
    if name == "regex":
        return _search, ""
    module_name, _, function_name = name.partition(":")
    try:
        if name == "math":
            return _load_math_verify(), ""
        sys.path.append("")  # the working folder, last, so that no file in it hides an installed module
        function: Check = getattr(importlib.import_module(module_name), function_name)
    except Exception as error:  # noqa: BLE001 - the user's module may raise anything
        return None, f"task_not_loaded: {type(error).__name__}: {error}"[:300]
    return lambda reference, completion: function(completion, reference), ""


def _load_math_verify() -> Check:
    """math-verify with its own timeouts off: they need SIGALRM in the main thread, and do not always end."""
    import logging

    logging.disable(logging.CRITICAL)
    from math_verify import parse, verify
    from math_verify.parser import LatexExtractionConfig
    from sympy import Basic, MatrixBase

    config = [LatexExtractionConfig()]

    def read(text: str) -> tuple[list[Any], bool]:
        boxed = "\\boxed{" + text + "}"
        values = parse(boxed, config, parsing_timeout=None, raise_on_error=True)
        return values, any(isinstance(value, (Basic, MatrixBase)) for value in values)

    def check(reference: str, answer: str) -> bool | None:
        references, reference_read = read(reference)
        if not reference_read:
            raise UnparsableError("unparsable_reference")
        answers, answer_read = read(answer)
        if not answer_read:
            raise UnparsableError("unparsable_answer")
        return bool(verify(references, answers, timeout_seconds=None, raise_on_error=True))

    for warm_up in _WARM_UPS:
        check(*warm_up)
    return check


def _search(pattern: str, answer: str) -> bool:
    try:
        return re.search(pattern, answer, re.MULTILINE) is not None
    except re.error as error:
        raise UnparsableError("unparsable_reference") from error


class UnparsableError(Exception):
    """Raised when a side is not mathematics that math-verify can read."""


def _serve(check: Check | None, problem: str, memory_mb: int, requests: int, replies: int) -> NoReturn:
    """Answer requests in the child, inside the limits, until input ends."""
    try:
        _limit(memory_mb)
        _reply(replies, {"ready": os.getpid()})
    except (OSError, ValueError):
        os._exit(_NOT_SET_UP)
    while line := _read_request(requests):
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        answer = _answer(check, problem, request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if answer.get("reason") == "memory":
            os._exit(_OUT_OF_MEMORY)
        _reply(replies, {**answer, "id": request["id"]})
    os._exit(0)


def _limit(memory_mb: int) -> None:
    """Set the limits that a child cannot lift again."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    limit = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_deny)


def _read_request(descriptor: int) -> bytes:
    """One request; no byte after it is taken, so that the next child finds a clean pipe."""
    size = b""
    while not size.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            return b""
        size += byte
    remaining, parts = int(size), []
    while remaining:
        part = os.read(descriptor, remaining)
        if not part:
            return b""
        parts.append(part)
        remaining -= len(part)
    return b"".join(parts)


def _answer(check: Check | None, problem: str, request: Answer) -> Answer:
    if check is None:
        return {"reason": problem}
    try:
        result = check(request["reference"], request["answer"])
    except MemoryError:
        return {"reason": "memory"}
    except UnparsableError as error:
        return {"reason": str(error)}
    except RecursionError:
        return {"reason": "too_deep"}
    except Exception as error:  # noqa: BLE001 - whatever the checker raises, it is not the answer's fault
        return {"reason": f"checker_error: {type(error).__name__}"}
    if result is None or isinstance(result, bool):
        return {"result": result} if result is not None else {"reason": "undecided"}
    return {"reason": f"checker_error: returned {type(result).__name__}, expected True, False or None"}


def _reply(descriptor: int, answer: Answer) -> None:
    os.write(descriptor, json.dumps(answer).encode() + b"\n")


def _deny(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to touch files, processes and sockets. Reading source code stays allowed: SymPy imports late."""
    if event == "open":
        path, mode, flags = (*arguments, None, None, None)[:3]
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
        is_code = str(path).endswith((".py", ".pyc", ".so"))
        if writes or not is_code or (isinstance(mode, str) and set(mode) & set("wax+")):
            raise PermissionError(f"a grading worker opens no files: {path!r}")
    elif event.startswith(_DENIED_EVENTS):
        raise PermissionError(f"a grading worker does not do {event}")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
