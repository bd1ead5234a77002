"""Stored solutions: real ones against their labels, and every layout that is read."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import GradingConfig
from supercorrect.errors import InputError
from supercorrect.evaluation.stored import evaluate_stored, read_stored
from supercorrect.progress import Reporter

needs_data = pytest.mark.skipif("SUPERCORRECT_DATA" not in os.environ, reason="SUPERCORRECT_DATA is not set")


def outputs(name: str) -> Path:
    return Path(os.environ["SUPERCORRECT_DATA"]) / "outputs" / name


def evaluate(path: Path, output: Path | None = None) -> dict[str, Any]:
    return evaluate_stored(path, GradingConfig(), output=output, reporter=Reporter(quiet=True))


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@needs_data
def test_qwen_samples_give_what_their_labels_give_but_for_one_wrong_label() -> None:
    path = outputs("qwen_math_cot_100.jsonl")
    rows = rows_of(path)

    def majority(row: dict[str, Any]) -> bool:
        winner = Counter(row["pred"]).most_common(1)[0][0]
        return bool(row["score"][row["pred"].index(winner)])

    [figures] = evaluate(path)["models"]
    right, any_right = sum(sum(row["score"]) for row in rows), sum(any(row["score"]) for row in rows)
    # Problem 72, sample 7 answers `10000` for `10{,}000`: the label is wrong; no other sample of it is right.
    assert [index for _, index in figures["label_differences"]] == [7]
    assert figures["accuracy"]["value"] == pytest.approx((right + 1) / 360)
    assert figures["pass_at"][8]["value"] == pytest.approx((any_right + 1) / 45)
    assert figures["maj_at"][8]["value"] == pytest.approx(sum(map(majority, rows)) / 45)
    assert figures["maj_at"][8]["ties"] == sum(
        len(counts := Counter(row["pred"]).most_common(2)) == 2 and counts[0][1] == counts[1][1] for row in rows
    )
    assert (figures["samples"], figures["ungradable"]) == (8, {})
    assert sum(level["n"] for level in figures["by_level"].values()) == 45


@needs_data
def test_gsm8k_example_solutions_give_the_four_accuracies_of_their_labels() -> None:
    path = outputs("gsm8k_example_model_solutions.jsonl")
    rows = rows_of(path)
    result = evaluate(path)
    assert len(result["models"]) == 4
    for figures in result["models"]:
        labels = [row[figures["model"]]["is_correct"] for row in rows]
        assert figures["accuracy"]["value"] == sum(labels) / len(rows)
        assert (figures["accuracy"]["n"], figures["label_differences"]) == (len(rows), [])
    assert len(result["comparisons"]) == 6
    for compared in result["comparisons"]:
        pairs = [(row[compared["first"]]["is_correct"], row[compared["second"]]["is_correct"]) for row in rows]
        assert compared["accuracy"]["only_first"] == sum(one and not other for one, other in pairs)
        assert compared["accuracy"]["only_second"] == sum(other and not one for one, other in pairs)


def test_a_row_a_sample_is_grouped_by_problem_and_model(tmp_path: Path) -> None:
    samples = [("a", "1"), ("a", "2"), ("b", "2"), ("b", "2")]
    shared = {"problem": "1 + 1", "reference_answer": "2", "topic": "sums"}
    rows = [{**shared, "model": model, "completion": text} for model, text in samples]
    result = evaluate(write_rows(tmp_path / "in.jsonl", *rows), tmp_path / "out.jsonl")
    assert {m["model"]: m["accuracy"]["value"] for m in result["models"]} == {"a": 0.5, "b": 1.0}
    assert result["models"][0]["by_topic"]["sums"]["n"] == 1
    assert result["comparisons"][0]["majority"]["only_second"] == 1
    again = evaluate(tmp_path / "out.jsonl")  # what is written can be read, and graded anew
    assert again["models"] == result["models"]


def test_the_same_problem_in_two_rows_is_two_problems(tmp_path: Path) -> None:
    rows = [{"question": "1 + 1", "gt": "2", "response": texts} for texts in (["2", "3"], ["3", "3"])]
    [figures] = evaluate(write_rows(tmp_path / "in.jsonl", *rows))["models"]
    assert (figures["accuracy"]["value"], figures["accuracy"]["n"]) == (0.25, 2)
    assert figures["label_differences"] is None


def test_what_cannot_be_graded_is_counted_apart(tmp_path: Path) -> None:
    rows = [{"problem": str(i), "reference_answer": "2", "completion": text} for i, text in enumerate(["2", "", ""])]
    [figures] = evaluate(write_rows(tmp_path / "in.jsonl", *rows))["models"]
    assert figures["ungradable"] == {"no_answer": 2}
    assert figures["accuracy"]["value"] == 1 / 3


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"problem": "1 + 1", "completion": "2"}, "reference answer"),
        ({"reference_answer": "2", "completion": "2"}, "problem"),
        ({"problem": "1 + 1", "reference_answer": "2"}, "solution"),
        ({"problem": "1 + 1", "gt": "2", "response": ["2"], "score": [True, False]}, "as many labels"),
        ({"problem": "1 + 1", "gt": "2", "metadata": {"source": "x"}}, "solution"),
        ({"problem": "1 + 1", "gt": "2", "response": ["2"], "finish_reason": ["stop", "stop"]}, "as many finish"),
        ({"problem": "1 + 1", "gt": "2", "response": [7]}, "solution's text"),
        ({"problem": {}, "gt": "2", "response": "2"}, "problem"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    path = write_rows(tmp_path / "in.jsonl", {"problem": "0", "gt": "0", "completion": "0"}, row)
    with pytest.raises(InputError, match=words) as error:
        read_stored(path)
    assert f"{path}:2" in str(error.value)


def test_what_has_no_solution_is_counted(tmp_path: Path) -> None:
    shared = {"problem": "1 + 1", "gt": "2"}
    rows = [{**shared, "completions": []}, {**shared, "completions": ["2", "3"]}]
    result = evaluate(write_rows(tmp_path / "lists.jsonl", *rows))
    assert (result["problems"]["n"], result["problems"]["without_solution"]) == (1, 1)
    columns = {**shared, "a": {"solution": None, "is_correct": False}, "b": {"solution": "2", "is_correct": True}}
    stored = read_stored(write_rows(tmp_path / "columns.jsonl", columns))
    assert ([sample.model for sample in stored.samples], stored.without_solution) == (["b"], 1)


def test_labels_may_be_numbers_and_finish_reasons_are_kept(tmp_path: Path) -> None:
    row = {"problem": "1 + 1", "gt": "2", "response": ["2", "3", "3"], "score": [1, 1.0, 0]}
    path = write_rows(tmp_path / "in.jsonl", {**row, "finish_reason": ["stop", "length", None]})
    samples = read_stored(path).samples
    assert [(sample.label, sample.finish_reason) for sample in samples] == [
        (True, "stop"),
        (True, "length"),
        (False, None),
    ]
    [figures] = evaluate(path)["models"]
    assert ([index for _, index in figures["label_differences"]], figures["cut"]) == ([1], 1)


def test_nothing_stored_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        evaluate(write_rows(tmp_path / "in.jsonl"))
