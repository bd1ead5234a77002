"""What a run finds of the run before."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from supercorrect.courier.late import LateAnswers
from supercorrect.courier.ledger import Answer, create_ledger, release_ledger, write_answer, write_awaited


def answer(call: str, body: str = "{}") -> Answer:
    return Answer(call, 200, [], body)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def ledger(store: Path) -> tuple[Path, int]:
    """The file of a courier at work whose run is gone, and what it writes by."""
    path, descriptor = create_ledger(store)
    release_ledger(path, courier_is_gone=False)
    return path, descriptor


def none_stored(keys: object) -> list[str]:
    return []


def test_each_answer_is_given_once_and_in_order(store: Path, ledger: tuple[Path, int]) -> None:
    path, descriptor = ledger
    write_awaited(descriptor, [])
    for body in ("first", "second"):
        write_answer(descriptor, answer("a/20", body))
    os.close(descriptor)

    async def take_all() -> list[Answer | None]:
        await late.wait_for_lists()
        assert len(late) == 2
        return [await late.take(call) for call in ("a/20", "a/40", "a/20", "a/20")]

    late = LateAnswers(store, timeout_seconds=20)
    bodies = [found and found.body for found in asyncio.run(take_all())]
    assert bodies == ["first", None, "second", None]
    late.close(none_stored)
    assert path.exists()  # taken, and not kept: the run may have been killed between
    late = LateAnswers(store, timeout_seconds=20)
    late.keep("a")
    late.close(none_stored)
    assert not path.exists()


def test_a_stored_answer_is_not_needed_any_more(store: Path, ledger: tuple[Path, int]) -> None:
    path, descriptor = ledger
    for call in ("a/20", "b/20"):
        write_answer(descriptor, answer(call))
    os.close(descriptor)
    LateAnswers(store, 20).close(lambda keys: [key for key in keys if key == "a"])
    assert path.exists()
    LateAnswers(store, 20).close(lambda keys: [key for key in keys if key in "ab"])
    assert not path.exists()


def test_an_answer_that_may_come_is_waited_for(store: Path, ledger: tuple[Path, int]) -> None:
    _, descriptor = ledger
    write_awaited(descriptor, ["a/20", "b/20"])

    async def take_both() -> list[Answer | None]:
        late = LateAnswers(store, timeout_seconds=20)
        await late.wait_for_lists()
        taking = [asyncio.create_task(late.take(call)) for call in ("a/20", "b/20")]
        await asyncio.sleep(0.2)
        assert not taking[0].done()
        write_answer(descriptor, answer("a/20"))
        os.close(descriptor)  # and b never comes
        return await asyncio.gather(*taking)

    assert asyncio.run(take_both()) == [answer("a/20"), None]


def test_no_one_waits_longer_than_a_request_may_take(store: Path, ledger: tuple[Path, int]) -> None:
    _, descriptor = ledger
    write_awaited(descriptor, ["a/20"])

    async def take() -> Answer | None:
        return await LateAnswers(store, timeout_seconds=0.3).take("a/20")

    assert asyncio.run(take()) is None
    os.close(descriptor)


def test_a_courier_that_never_says_what_it_waits_for_holds_nobody_up(
    store: Path, ledger: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another live process, that shares the store without its lock, looks like one."""
    monkeypatch.setattr("supercorrect.courier.late._LISTING_SECONDS", 0.3)
    path, descriptor = ledger

    async def take(late: LateAnswers) -> Answer | None:
        await late.wait_for_lists()
        return await late.take("a/20")

    late, began_seconds = LateAnswers(store, timeout_seconds=20), time.monotonic()
    assert asyncio.run(take(late)) is None
    assert time.monotonic() - began_seconds < 5
    late.close(none_stored)
    assert path.exists()  # it is still somebody's
    os.close(descriptor)
    LateAnswers(store, timeout_seconds=20).close(none_stored)
    assert not path.exists()
