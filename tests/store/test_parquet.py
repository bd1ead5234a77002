"""Rows as parquet: whole or absent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supercorrect.errors import ConfigError
from supercorrect.store import write_parquet
from supercorrect.store.parquet import CHUNK_ROWS


def test_a_write_that_fails_leaves_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = tmp_path / "items.parquet"
    write_parquet(path, [{"a": 1}])

    def fail(where: Path, schema: object) -> None:
        where.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet, "ParquetWriter", fail)
    with pytest.raises(KeyboardInterrupt):
        write_parquet(path, [{"a": 2}])
    assert parquet.read_table(path).to_pylist() == [{"a": 1}]


def test_columns_that_begin_without_a_value_have_the_type_of_later_rows(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    rows = [{"a": None, "steps": []} for _ in range(CHUNK_ROWS)] + [{"a": 2, "steps": [{"text": "x", "cause": None}]}]
    write_parquet(tmp_path / "rows.parquet", rows)
    assert parquet.read_table(tmp_path / "rows.parquet").to_pylist() == rows
    write_parquet(tmp_path / "none.parquet", [])
    assert parquet.read_table(tmp_path / "none.parquet").num_rows == 0


def test_a_missing_pyarrow_is_named_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"supercorrect\[data\]"):
        write_parquet(tmp_path / "items.parquet", [])
