"""Rows of every kind of source."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.problems.rows import read_rows, source_name

ROWS = [{"question": f"{n}+1?", "answer": f"<<{n}+1={n + 1}>>{n + 1}\n#### {n + 1}"} for n in range(3)]


def test_one_json_list(tmp_path: Path) -> None:
    path = tmp_path / "MetaMathQA.json"
    path.write_text(json.dumps(ROWS))
    assert list(read_rows(ProblemSetConfig(path=str(path))))[2] == (f"{path}:3", ROWS[2])
    for text in ("{}", "[1]", "["):
        path.write_text(text)
        with pytest.raises(InputError, match="expected"):
            list(read_rows(ProblemSetConfig(path=str(path))))


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "train.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    assert list(read_rows(ProblemSetConfig(path=str(path)))) == [(f"{path}:{n + 1}", row) for n, row in enumerate(ROWS)]
    path.write_text("no parquet")
    with pytest.raises(InputError, match="expected a parquet file"):
        list(read_rows(ProblemSetConfig(path=str(path))))


def test_a_hub_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "gsm8k"
    (folder / "main").mkdir(parents=True)
    (folder / "main" / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: main\n  data_files:\n  - split: test\n    path: main/test.jsonl\n---\n"
    )
    config = ProblemSetConfig(hub=str(folder), hub_config="main", hub_split="test")
    assert list(read_rows(config)) == [(f"{folder}:{n + 1}", row) for n, row in enumerate(ROWS)]
    with pytest.raises(InputError, match=r"split train, revision None"):
        list(read_rows(config.model_copy(update={"hub_split": "train"})))


def test_the_hub_is_asked_for_the_named_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    asked = {}

    def load_dataset(*arguments: str, **keywords: str) -> Any:
        asked.update(keywords, hub=arguments)
        return datasets.Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    config = ProblemSetConfig(hub="openai/gsm8k", hub_config="main", revision="abc")
    assert [row for _, row in read_rows(config)] == ROWS
    assert asked == {"hub": ("openai/gsm8k",), "name": "main", "split": "train", "revision": "abc"}
    assert source_name(config) == "openai/gsm8k"


@pytest.mark.parametrize("source", [{"path": "x.parquet"}, {"hub": "a/b"}])
def test_a_package_that_is_not_installed(source: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("pyarrow", "datasets"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=r"pip install 'supercorrect\[data\]'"):
        list(read_rows(ProblemSetConfig(**source)))
