"""A sealed file is read as it was written, or not at all."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from supercorrect.store import read_sealed_json, write_json_atomic, write_sealed_json

VALUE = {"schema_version": 2, "text": "∑ \u2028 and 1", "numbers": [0.1, 1e300, -3], "nested": {"a": None}}


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_sealed_json(tmp_path / "f.json", VALUE)
    assert read_sealed_json(tmp_path / "f.json") == VALUE


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    write_sealed_json(path, VALUE)
    whole = path.read_bytes()
    rng = random.Random(3)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= rng.randrange(1, 256)
        path.write_bytes(damaged)
        with pytest.raises(ValueError):
            read_sealed_json(path)
        path.write_bytes(whole[:place])
        with pytest.raises(ValueError):
            read_sealed_json(path, unsealed_version=1)


def test_only_a_version_that_had_none_may_come_without_a_digest(tmp_path: Path) -> None:
    write_json_atomic(tmp_path / "f.json", {"schema_version": 1, "a": 1})
    assert read_sealed_json(tmp_path / "f.json", unsealed_version=1)["a"] == 1
    with pytest.raises(ValueError, match="digest"):
        read_sealed_json(tmp_path / "f.json")
    write_json_atomic(tmp_path / "f.json", {"schema_version": 2, "a": 1})
    with pytest.raises(ValueError, match="digest"):
        read_sealed_json(tmp_path / "f.json", unsealed_version=1)
    (tmp_path / "f.json").write_text(json.dumps([1]))
    with pytest.raises(ValueError, match="expected a JSON object"):
        read_sealed_json(tmp_path / "f.json")
