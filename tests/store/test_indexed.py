"""Records read by id, one at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from supercorrect.errors import InputError
from supercorrect.records import Rejection
from supercorrect.store import IndexedRecords, write_records


def test_each_record_is_found_by_its_id(tmp_path: Path) -> None:
    records = [Rejection(stage="s", item_id=f"é{i}", reason="r" * i) for i in range(5)]
    write_records(tmp_path / "rows.jsonl", records)
    found = IndexedRecords(tmp_path / "rows.jsonl", Rejection, lambda r: r.item_id)
    assert len(found) == 5
    assert [found[f"é{i}"] for i in (3, 0, 4)] == [records[i] for i in (3, 0, 4)]
    found.close()


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rows.jsonl: expected a file of Rejection rows"):
        IndexedRecords(tmp_path / "rows.jsonl", Rejection, lambda r: r.item_id)
    (tmp_path / "rows.jsonl").write_text('{"stage": 1}\n')
    with pytest.raises(InputError, match=r"rows.jsonl:1"):
        IndexedRecords(tmp_path / "rows.jsonl", Rejection, lambda r: r.item_id)
