"""What the log of batches has written down is there after a crash, and gone when it is no longer needed."""

from __future__ import annotations

from pathlib import Path

from supercorrect.store import BatchLog, RequestStore


def test_each_step_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    for step, expected in (
        (lambda log: log.begin("m", ["b", "a"]), (None, None)),
        (lambda log: log.uploaded("m", "file-1"), ("file-1", None)),
        (lambda log: log.created("m", "batch-1"), ("file-1", "batch-1")),
    ):
        with RequestStore(path) as store:
            step(BatchLog(store))
        with RequestStore(path) as store:
            (entry,) = BatchLog(store).open_entries(["a", "z"])
        assert (entry.file_id, entry.batch_id, entry.keys) == (*expected, ("b", "a"))


def test_a_batch_is_open_until_all_of_its_lines_are_settled(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        log = BatchLog(store)
        log.begin("m", ["cut", "done", "lost", "later"])
        assert log.open_entries(["other"]) == []
        log.take("m", {"cut": "half an answer", "lost": None}, ["done"])
        assert log.replies() == {"cut": ["half an answer"]}
        assert log.open_entries(["cut", "done", "lost"]) == []
        assert [entry.keys for entry in log.open_entries(["later"])] == [("later",)]
        log.begin("n", ["cut"])
        log.take("n", {}, ["cut"])
        assert log.replies() == {}
        log.forget("m")
        assert log.open_entries(["later"]) == []
