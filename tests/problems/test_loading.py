"""Problems from files and from functions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.problems import load_problem_set

ROW = {"problem": "1+1?", "reference_solution": "1+1=2", "reference_answer": "2", "level": 3}


def test_rows_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(ROW) + "\n\n" + json.dumps({**ROW, "problem": "1+2?"}) + "\n")
    problems = load_problem_set(ProblemSetConfig(path=str(path)), split="hsft", seed=0)
    assert [p.problem for p in problems] == ["1+1?", "1+2?"]
    assert (problems[0].source, problems[0].level, problems[0].split) == ("mine", "3", "hsft")
    assert len(load_problem_set(ProblemSetConfig(path=str(path), count=1), split="hsft", seed=0)) == 1


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"problem": "x"}', json.dumps({**ROW, "reference_answer": 2})])
def test_a_malformed_row_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(InputError, match=r"bad\.jsonl:2: expected"):
        load_problem_set(ProblemSetConfig(path=str(path)), split="hsft", seed=0)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not readable"):
        load_problem_set(ProblemSetConfig(path=str(tmp_path / "gone")), split="hsft", seed=0)


def test_a_function_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="expected module:function"):
        load_problem_set(ProblemSetConfig(make="supercorrect.sandbox.language:gone", count=1), split="hsft", seed=0)
