"""Hostile answers end in time, run no code, touch no file, process or socket, and the pool goes on."""

import ast
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_corpus import CANARY, hostile_cases

import supercorrect.grading
from supercorrect.grading import Grader

CASES = hostile_cases()
_seen: list[str] = []
_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open" and isinstance(arguments[0], str) and set(str(arguments[1])) & set("wax+"):
        _seen.append(f"{event} {arguments[0]!r}")
    elif event.startswith(("socket.", "os.system", "os.exec", "os.remove", "os.mkdir", "exec", "compile")):
        _seen.append(event)
    elif event == "subprocess.Popen" and "worker.py" not in str(arguments[1]):
        _seen.append(f"{event} {arguments[1]!r}")


sys.addaudithook(_watch)


@pytest.fixture
def watched() -> Iterator[list[str]]:
    """What this process did that grading never should: files opened for writing, sockets, other processes, code."""
    global _watching
    Path(CANARY).unlink(missing_ok=True)
    _seen.clear()
    _watching = True
    yield _seen
    _watching = False


def _survives(cases: list[tuple[str, str, str]], timeout_seconds: float, watched: list[str]) -> None:
    """All cases in turn, each within the three seconds, on a pool that has been started."""
    with Grader(timeout_seconds=timeout_seconds) as grader:
        grader.grade_answer("AB", "BA")
        for name, completion, reference in cases:
            began = time.monotonic()
            grade = grader.grade(completion, reference)
            seconds = time.monotonic() - began
            assert grade.status != "correct", name
            assert seconds <= 3.0, (name, seconds, grade.reason)
        assert grader.grade_answer("AB", "BA").status == "correct"
    assert watched == []
    assert not Path(CANARY).exists()


def test_the_corpus_has_two_hundred_cases() -> None:
    assert len({name for name, _, _ in CASES}) == len(CASES) >= 200


def test_code_in_an_answer_never_runs(watched: list[str]) -> None:
    _survives([case for case in CASES if case[0].startswith("payload")], 1.0, watched)


@pytest.mark.parametrize("kind", ["issue65-", "factorial-25", "huge-", "nested-16", "odd-8"])
def test_some_of_every_kind_end_in_time(kind: str, watched: list[str]) -> None:
    _survives([case for case in CASES if case[0].startswith(kind)], 1.0, watched)


@pytest.mark.slow
def test_the_whole_corpus_ends_in_three_seconds_each(watched: list[str]) -> None:
    _survives(CASES, 3.0, watched)


def test_no_evaluation_of_text_outside_the_worker() -> None:
    """The lint rule: nothing that could execute model text is called, or imported, anywhere but in worker.py."""
    forbidden = {
        "sympify",
        "parse_expr",
        "eval",
        "exec",
        "compile",
        "N",
        "S",
        "parse_latex",
        "latex2sympy",
        "__import__",
    }
    folder = Path(supercorrect.grading.__file__).parent
    for path in sorted(folder.parent.rglob("*.py")):
        if path == folder / "worker.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                assert _called_name(node.func) not in forbidden, where
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            for name in [module, *names]:
                assert name.split(".")[0] not in ("sympy", "math_verify", "latex2sympy2_extended"), where


def _called_name(function: ast.expr) -> str:
    """`eval` of `eval(…)` and `sympify` of `sympy.sympify(…)`; a method of our own (`re.compile`) is no builtin."""
    if isinstance(function, ast.Name):
        return function.id
    is_method = isinstance(function, ast.Attribute)
    return function.attr if is_method and function.attr in ("sympify", "parse_expr", "N") else ""
