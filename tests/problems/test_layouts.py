"""The layouts of the known sets, told from their columns. The rows are made here, their columns are the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import InputError
from supercorrect.problems import load_problems

BOXED = "So it is $\\boxed{2}$."
NOTED = "One and one are <<1+1=2>>2.\n#### 2"
LAYOUTS: list[tuple[str, str, dict[str, Any], tuple[str | None, str | None]]] = [
    ("math", "hub", {"problem": "p", "level": "Level 5", "type": "Algebra", "solution": BOXED}, ("Level 5", "Algebra")),
    (
        "math",
        "jsonl of PRM800K and MATH-500",
        {"problem": "p", "solution": BOXED, "answer": "2", "subject": "Algebra", "level": 5, "unique_id": "test/1"},
        ("5", "Algebra"),
    ),
    ("gsm8k", "hub and jsonl", {"question": "p", "answer": NOTED}, (None, None)),
    (
        "numina_math",
        "CoT",
        {"source": "olympiads", "problem": "p", "solution": BOXED, "messages": [{"role": "user", "content": "p"}]},
        (None, "olympiads"),
    ),
    (
        "numina_math",
        "1.5",
        {
            "problem": "p",
            "solution": "s",
            "answer": "2",
            "problem_type": "Algebra",
            "question_type": "MCQ",
            "source": "x",
        },
        (None, "Algebra"),
    ),
    (
        "meta_math",
        "MetaMathQA",
        {
            "type": "GSM_Rephrased",
            "query": "p",
            "original_question": "q",
            "response": "It is $\\boxed{3}-1$.\n#### 2\nThe answer is: 2",
        },
        (None, "GSM_Rephrased"),
    ),
    (
        "gaokao",
        "GAOKAO-Bench",
        {"year": "2010", "category": "I", "question": "p", "answer": ["2"], "analysis": "s", "index": 0, "score": 5},
        (None, "I"),
    ),
    (
        "gaokao",
        "AGIEval cloze",
        {"passage": None, "question": "p", "options": None, "label": None, "answer": "2", "other": None},
        (None, None),
    ),
    (
        "aime",
        "files of Qwen2.5-Math",
        {"id": 1, "problem": "p", "answer": 2.0, "url": "u", "question": "p"},
        (None, None),
    ),
    ("aime", "hub, capitals", {"ID": "2024-I-1", "Problem": "p", "Solution": "s", "Answer": 2}, (None, None)),
    (
        "aime",
        "hub, 1983 on",
        {"ID": "1983-1", "Year": 1983, "Question": "p", "Answer": "2", "Part": None},
        (None, None),
    ),
]


def load(tmp_path: Path, row: Any, **config: Any) -> Any:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(row) + "\n")
    [loaded] = load_problems([ProblemSetConfig(path=str(path), **config)], split="held_out", seed=0)
    return loaded


@pytest.mark.parametrize(("name", "where", "row", "expected"), LAYOUTS, ids=[f"{n}, {w}" for n, w, _, _ in LAYOUTS])
def test_a_layout_is_told_from_its_columns(tmp_path: Path, name: str, where: str, row: Any, expected: Any) -> None:
    loaded = load(tmp_path, row)
    [problem] = loaded.problems
    assert loaded.layout == name
    assert (problem.problem, problem.reference_answer) == ("p", "2")
    assert (problem.level, problem.topic) == expected
    assert load(tmp_path, row, layout=name).problems == [problem]


def test_choices_stand_behind_the_problem(tmp_path: Path) -> None:
    row = {"passage": None, "question": "p", "options": ["(A)1", "(B)2"], "label": "B", "answer": None, "other": None}
    [problem] = load(tmp_path, row).problems
    assert (problem.problem, problem.reference_answer) == ("p\n(A)1\n(B)2", "B")


def test_calculator_notes_go(tmp_path: Path) -> None:
    [problem] = load(tmp_path, {"question": "p", "answer": NOTED}).problems
    assert problem.reference_solution == "One and one are 2.\n#### 2"


@pytest.mark.parametrize("answer", ["proof", "notfound", ""])
def test_a_problem_without_an_answer_is_rejected(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "set.jsonl"
    row = {"problem": "p", "solution": "s", "answer": "2", "problem_type": "Algebra", "source": "x"}
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "answer": answer}) + "\n")
    [loaded] = load_problems([ProblemSetConfig(path=str(path))], split="hsft", seed=0)
    assert [r.reason for r in loaded.rejections] == ["no_reference_answer"]


def test_columns_that_tell_no_layout(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, {"question": "p", "answer": "2"})
    message = str(caught.value)
    assert "found: question, answer; expected those of one of" in message
    assert "gsm8k: question, answer" in message
    assert "name the `layout`, or map your own `columns`" in message
    assert load(tmp_path, {"question": "p", "answer": "2"}, layout="gaokao").problems[0].reference_answer == "2"


def test_a_layout_that_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"layout meta_math expects the problem in column query; found: a, b"):
        load(tmp_path, {"a": 1, "b": 2}, layout="meta_math")
