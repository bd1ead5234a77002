"""A run as a data set: files that `datasets` and TRL read, and a card whose numbers are the run's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from datasets import load_dataset

from small_runs import small_recipe
from supercorrect.errors import InputError
from supercorrect.export import export_run
from supercorrect.run_folder import RunFolder


def test_both_training_sets_load_and_are_the_runs_rows(small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(small_run)
    rows = export_run(small_recipe(small_run), folder, tmp_path / "set")
    for name, source in (("hsft", "hsft/train"), ("pairs", "pairs/train")):
        loaded = load_dataset("parquet", data_files=str(tmp_path / "set" / f"{name}.parquet"), split="train")
        written = [json.loads(line) for line in folder.data(source).read_text().splitlines()]
        assert rows[name] == len(written) == len(loaded)
        assert loaded[0]["problem_id"] == written[0]["problem_id"]
    assert [
        message["role"] for message in load_dataset(str(tmp_path / "set"), "hsft", split="train")[0]["messages"]
    ] == [
        "user",
        "assistant",
    ]


def test_the_card_says_where_the_rows_come_from(small_run: Path, tmp_path: Path) -> None:
    export_run(small_recipe(small_run), RunFolder(small_run), tmp_path)
    card = (tmp_path / "README.md").read_text()
    _, front, body = card.split("---\n", 2)
    assert [c["config_name"] for c in yaml.safe_load(front)["configs"]] == ["hsft", "pairs"]
    stages = RunFolder(small_run).read_manifest().stages
    assert f"| thoughts | {stages['thoughts'].inputs} | {stages['thoughts'].kept} |" in body
    for words in ("oracle, temperature 0.0", "Decontamination", "Licences", "$0.00"):
        assert words in body


def test_a_run_that_has_not_begun_has_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="until 'thoughts'"):
        export_run(small_recipe(tmp_path), RunFolder(tmp_path), tmp_path / "set")
