"""Problems from files and from functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import ColumnsConfig, ProblemSetConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.problems import EVALUATION, LoadedSet, load_problems

ROW = {"problem": "1+1?", "reference_solution": "1+1=2", "reference_answer": "2", "level": 3}


def load(path: Path, rows: list[Any] | None = None, *, split: str = "hsft", **config: Any) -> LoadedSet:
    if rows is not None:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    [loaded] = load_problems([ProblemSetConfig(path=str(path), **config)], split=split, seed=0)
    return loaded


def test_rows_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(
        "\ufeff" + json.dumps(ROW) + "\n\n" + json.dumps({**ROW, "problem": "1+2\u2028?"}, ensure_ascii=False)
    )
    problems = load(path).problems
    assert [p.problem for p in problems] == ["1+1?", "1+2\u2028?"]
    assert (problems[0].source, problems[0].level, problems[0].split) == ("mine", "3", "hsft")
    assert len(load(path, count=1).problems) == 1


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "3",
        '{"problem": "x"}',
        json.dumps({**ROW, "reference_answer": {"a": 2}}),
        '{"problem": "\\ud800"}',
        "[" * 99999,
    ],
)
def test_a_malformed_row_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(InputError, match=r"bad\.jsonl:2: .*expected"):
        load(path)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(json.dumps(ROW).encode() + b"\n\xff\xfe\n")
    with pytest.raises(InputError, match=r"bad\.jsonl:2: expected"):
        load(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not readable"):
        load(tmp_path / "gone")


def test_a_function_that_is_not_there() -> None:
    config = ProblemSetConfig(make="supercorrect.sandbox.language:gone", count=1)
    with pytest.raises(ConfigError, match="expected module:function"):
        load_problems([config], split="hsft", seed=0)


def test_a_row_without_a_reference_answer_is_rejected(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "problem": "b", "reference_answer": None}, {**ROW, "problem": "c", "reference_solution": " "}]
    loaded = load(tmp_path / "mine.jsonl", [*rows, {**ROW, "problem": ""}])
    assert len(loaded.problems) == 1
    assert [(r.reason, r.detail.split(": ")[1]) for r in loaded.rejections] == [
        ("no_reference_answer", "mine:2"),
        ("no_reference_solution", "mine:3"),
        ("no_problem", "mine:4"),
    ]
    assert str(tmp_path) not in str(loaded.rejections), "a set that is moved elsewhere gives the same records"


def test_the_answer_is_read_from_the_solution_where_its_column_is_empty(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "problem": "b", "reference_answer": "", "reference_solution": "so \\boxed{\\frac{1}{2}}."}]
    assert load(tmp_path / "mine.jsonl", rows).problems[1].reference_answer == "\\frac{1}{2}"


def test_what_a_split_needs(tmp_path: Path) -> None:
    path = tmp_path / "aime.jsonl"
    rows = [{"id": 1, "problem": "1+1?", "answer": 2.0}]
    [problem] = load(path, rows, split="held_out").problems
    assert (problem.reference_answer, problem.reference_solution) == ("2", "")
    with pytest.raises(InputError, match=r"needs a reference solution .* can only serve held_out"):
        load(path, split="errors")
    [problem] = load(path, [{"problem": "1+1?"}], split=EVALUATION, layout="math").problems
    assert problem.reference_answer == ""


def test_a_set_of_which_nothing_can_be_used(tmp_path: Path) -> None:
    rows = [{"question": "a", "answer": "no mark"}] * 2
    with pytest.raises(InputError, match=r"mine: none of 2 rows can be used as hsft; the first: no_reference_answer"):
        load(tmp_path / "mine.jsonl", rows, layout="gsm8k")


def test_the_users_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    rows = [
        {"frage": "1+1?", "weg": "1+1=2", "antwort": 2, "fach": "Zahlen", "stufe": 1, "buch": "A", "wahl": ["(A) 2"]}
    ]
    names = {"problem": "frage", "reference_solution": "weg", "reference_answer": "antwort", "topic": "fach"}
    columns = ColumnsConfig(**names, level="stufe", source="buch", options="wahl")
    [problem] = load(path, rows, columns=columns).problems
    assert (problem.problem, problem.reference_answer) == ("1+1?\n(A) 2", "2")
    assert (problem.topic, problem.level, problem.source) == ("Zahlen", "1", "A")
    with pytest.raises(InputError, match=r"expected the mapped columns rezept; found: frage, weg"):
        load(path, columns=ColumnsConfig(problem="frage", reference_solution="rezept"))


def test_a_column_map_over_a_named_layout(tmp_path: Path) -> None:
    rows = [{"question": "a", "answer": "<<1+1=2>>2\n#### 2", "kind": "sums"}]
    [problem] = load(tmp_path / "g.jsonl", rows, layout="gsm8k", columns=ColumnsConfig(topic="kind")).problems
    assert (problem.reference_solution, problem.topic) == ("2\n#### 2", "sums")
