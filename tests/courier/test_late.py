"""What a run finds of the run before."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from supercorrect.courier.late import LateAnswers
from supercorrect.courier.ledger import Answer, create_ledger, release_ledger, write_answer, write_awaited


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def ledger(store: Path) -> tuple[Path, int]:
    """The file of a courier at work whose run is gone, and what it writes by."""
    path, descriptor = create_ledger(store)
    release_ledger(path, is_over=False)
    return path, descriptor


def late_answers(store: Path, *stored: str, timeout_seconds: float = 20) -> LateAnswers:
    """As a run finds them in whose store there are some keys."""
    return LateAnswers(store, timeout_seconds, lambda keys: [key for key in keys if key in stored])


def wait(late: LateAnswers, call: str) -> bytes | None:
    """As a session waits."""
    while (body := late.take(call)) is None and late.may_come(call):
        time.sleep(0.02)
    return body


def test_each_answer_is_given_once_and_in_order(store: Path, ledger: tuple[Path, int]) -> None:
    path, descriptor = ledger
    write_awaited(descriptor, ["b/20"])
    for body in ("first", "second"):
        write_answer(descriptor, Answer("a/20", body))
    with late_answers(store) as late:
        asyncio.run(late.wait_for_lists())
        assert late.count({"a"}) == 2 and late.count({"a", "b"}) == 3 and late.count({"c"}) == 0
        os.close(descriptor)
        calls = ("a/20", "a/40", "a/20", "a/20", "b/20")
        assert [wait(late, call) for call in calls] == [b"first", None, b"second", None, None]
    assert path.exists()  # taken, and not kept: the run may have been killed between
    with late_answers(store) as late:
        late.keep("a")
    assert not path.exists()


def test_a_stored_answer_is_not_needed_any_more(store: Path, ledger: tuple[Path, int]) -> None:
    path, descriptor = ledger
    for call in ("a/20", "b/20"):
        write_answer(descriptor, Answer(call, "{}"))
    os.close(descriptor)
    for stored, is_left in ((), True), (("a",), True), (("a", "b"), False):
        with late_answers(store, *stored):
            pass
        assert path.exists() == is_left


def test_an_answer_that_may_come_is_waited_for(store: Path, ledger: tuple[Path, int]) -> None:
    _, descriptor = ledger
    write_awaited(descriptor, ["a/20", "b/20"])
    with late_answers(store) as late:
        asyncio.run(late.wait_for_lists())
        assert late.take("a/20") is None and late.may_come("a/20") and not late.may_come("c/20")
        write_answer(descriptor, Answer("a/20", "four"))
        assert wait(late, "a/20") == b"four"
        os.close(descriptor)  # and b never comes
        assert wait(late, "b/20") is None


def test_what_came_is_taken_though_the_time_for_waiting_is_over(store: Path, ledger: tuple[Path, int]) -> None:
    """As with a request whose turn comes late because of a rate limit."""
    _, descriptor = ledger
    write_awaited(descriptor, ["a/20", "b/20"])
    with late_answers(store, timeout_seconds=0.1) as late:
        asyncio.run(late.wait_for_lists())
        write_answer(descriptor, Answer("a/20", "four"))
        time.sleep(0.2)
        assert late.take("a/20") == b"four"
        assert wait(late, "b/20") is None  # no one waits longer than a request may take
    os.close(descriptor)


def test_an_answer_that_comes_in_the_last_moment_is_not_removed(store: Path, ledger: tuple[Path, int]) -> None:
    path, descriptor = ledger
    with late_answers(store) as late:
        assert late.take("a/20") is None
        write_answer(descriptor, Answer("a/20", "four"))
        os.close(descriptor)
    assert path.exists()


def test_a_courier_that_never_says_what_it_waits_for_holds_nobody_up(
    store: Path, ledger: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another live process, that shares the store without its lock, looks like one."""
    monkeypatch.setattr("supercorrect.courier.late._LISTING_SECONDS", 0.3)
    path, descriptor = ledger
    began_seconds = time.monotonic()
    with late_answers(store) as late:
        asyncio.run(late.wait_for_lists())
        assert wait(late, "a/20") is None
    assert time.monotonic() - began_seconds < 5
    assert path.exists()  # it is still somebody's
    os.close(descriptor)
    with late_answers(store):
        pass
    assert not path.exists()
