"""Labels of every step-labelled set, in our 1-based steps: made-up rows, and real ones that fix each set's base."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelled_rows import EXPECTED, ROWS, STEPS, write_set
from supercorrect.errors import InputError
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.labels import LabelError, from_one_based, from_zero_based, join_by_headings
from supercorrect.localisation.layouts import STEP_LAYOUTS
from supercorrect.localisation.loading import load_labelled_sets

on_real_rows = pytest.mark.skipif("SUPERCORRECT_DATA" not in os.environ, reason="SUPERCORRECT_DATA is not set")


def load_real(name: str) -> list[LabelledSolution]:
    [loaded] = load_labelled_sets([Path(os.environ["SUPERCORRECT_DATA"]) / f"{name}.jsonl"])
    assert loaded.rejections == []
    return loaded.solutions


def wrong_step(solution: LabelledSolution) -> str:
    assert solution.first_error_step is not None
    return solution.steps[solution.first_error_step - 1]


@on_real_rows
def test_processbench_counts_from_0() -> None:
    solutions = load_real("first_error/processbench_gsm8k")
    assert "2/5 * 4000 = 800" in wrong_step(solutions[0]), "label 1; two fifths of 4000 are 1600"
    assert Counter(s.answer_correct for s in solutions if s.first_error_step) == {False: 116, True: 3}
    assert len(load_real("first_error/processbench_math")) == 456


@on_real_rows
def test_big_bench_mistake_counts_from_0() -> None:
    [first, *_] = load_real("first_error/bbm_multistep_arithmetic")
    assert "(7 - 28)" in wrong_step(first), "index 3; it was 7 - -7 * 4"
    dyck = load_real("first_error/bbm_dyck_languages")
    assert len(dyck) == 482, "closing nothing is an answer too"
    assert sum(s.first_error_step is None for s in dyck) == 167


@on_real_rows
def test_mr_gsm8k_counts_from_1() -> None:
    solutions = load_real("first_error/mr_gsm8k_partial")
    assert "15/2" in wrong_step(solutions[0]), "label 2; that 5 play basketball was given"
    numbered = [re.match(r"Step (\d+):", wrong_step(s)) for s in solutions]
    assert [int(m[1]) if m else None for m in numbered] == [s.first_error_step for s in solutions]
    assert sum(s.answer_correct is True for s in solutions) == 10


@on_real_rows
def test_mr_ben_counts_headings_from_1() -> None:
    """The labels are the numbers in the steps' headings, which are not the places of the lines in 155 of 426 rows."""
    solutions = load_real("correction/mrben_math")
    labelled = [s for s in solutions if s.first_error_step is not None]
    assert len(labelled) == 361
    for solution in labelled:
        assert re.match(rf"\W*Step {solution.first_error_step}\b", wrong_step(solution)), solution.item_id
    raw = [json.loads(line) for line in (Path(os.environ["SUPERCORRECT_DATA"]) / "correction/mrben_math.jsonl").open()]
    joined = sum(len(s.steps) != len(row["Model_Solution_Steps"]) for s, row in zip(solutions, raw, strict=True))
    assert joined == 155
    assert all(s.corrected_steps for s in labelled)


@on_real_rows
def test_verify_then_generate_counts_from_0() -> None:
    solutions = load_real("correction/verify_then_generate")
    path = Path(os.environ["SUPERCORRECT_DATA"]) / "correction/verify_then_generate.jsonl"
    stated = [json.loads(line)["incorrect_step"].strip() for line in path.open()]
    assert [wrong_step(s).strip() for s in solutions] == stated, "the set states the wrong step in words, too"
    assert solutions[0].reference_answer == "10"


@pytest.mark.parametrize("layout", STEP_LAYOUTS)
def test_every_layout_is_told_by_its_columns(layout: str, tmp_path: Path) -> None:
    [loaded] = load_labelled_sets([write_set(tmp_path, layout)])
    assert loaded.layout == layout
    assert [s.first_error_step for s in loaded.solutions] == EXPECTED[layout]
    assert loaded.rejections == []


def test_a_set_can_be_one_list_or_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import Table, parquet

    (tmp_path / "list.json").write_text(json.dumps(ROWS["mr_gsm8k"]))
    parquet.write_table(Table.from_pylist(ROWS["processbench"]), tmp_path / "table.parquet")
    listed, table = load_labelled_sets([tmp_path / "list.json", tmp_path / "table.parquet"])
    assert [s.first_error_step for s in listed.solutions] == EXPECTED["mr_gsm8k"]
    assert [s.first_error_step for s in table.solutions] == EXPECTED["processbench"]
    assert table.solutions[0].steps == tuple(STEPS)


@pytest.mark.parametrize("convert", [from_zero_based, from_one_based])
@pytest.mark.parametrize("label", [None, -1, "-1", "N/A", "n/a", "", "None"])
def test_ways_to_say_none(convert: Callable[[object, list[str]], int | None], label: object) -> None:
    assert convert(label, STEPS) is None


@pytest.mark.parametrize("label", [1, "1", 1.0, " 1 "])
def test_ways_to_write_a_number(label: object) -> None:
    assert (from_zero_based(label, STEPS), from_one_based(label, STEPS)) == (2, 1)


@pytest.mark.parametrize(
    ("convert", "label", "reason"),
    [
        (from_zero_based, 3, "label_names_no_step"),
        (from_one_based, 0, "label_names_no_step"),
        (from_one_based, 4, "label_names_no_step"),
        (from_one_based, "second", "label_unreadable"),
        (from_one_based, 1.5, "label_unreadable"),
        (from_one_based, True, "label_unreadable"),
        (from_zero_based, [1], "label_unreadable"),
        (from_zero_based, float("inf"), "label_unreadable"),
    ],
)
def test_labels_that_no_step_can_have(convert: Callable[..., int | None], label: object, reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        convert(label, STEPS)


def test_rows_that_cannot_be_used_are_counted_with_their_reason(tmp_path: Path) -> None:
    row = ROWS["processbench"][0]
    rows: list[dict[str, Any]] = [row, row | {"label": 3}, row | {"steps": []}, row | {"label": "x"}, row]
    [loaded] = load_labelled_sets([write_set(tmp_path, "processbench", rows)])
    assert [s.item_id for s in loaded.solutions] == ["processbench/1", "processbench/5"]
    assert [r.reason for r in loaded.rejections] == ["label_names_no_step", "no_steps", "label_unreadable"]


def test_a_solution_called_wrong_needs_its_first_wrong_step(tmp_path: Path) -> None:
    rows = [ROWS["mr_gsm8k"][0], ROWS["mr_gsm8k"][0] | {"model_output_solution_first_error_step": "N/A"}]
    [loaded] = load_labelled_sets([write_set(tmp_path, "mr_gsm8k", rows)])
    assert [r.reason for r in loaded.rejections] == ["wrong_without_first_error"]


def test_other_columns_are_refused_with_what_is_expected(tmp_path: Path) -> None:
    path = write_set(tmp_path, "gsm8k", [{"question": "1 + 1", "answer": "2"}])
    with pytest.raises(InputError, match=r"question, answer; expected those of one of.*mistake_index"):
        load_labelled_sets([path])


def test_a_column_that_is_missing_later_is_named_with_its_line(tmp_path: Path) -> None:
    rows = [ROWS["processbench"][0], {"problem": "x", "steps": ["y"]}]
    path = write_set(tmp_path, "processbench", rows)
    with pytest.raises(InputError, match=r"processbench\.jsonl:2.*no 'label'"):
        load_labelled_sets([path])


def test_two_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    loaded = load_labelled_sets([write_set(folder, "mr_ben") for folder in folders])
    assert [one.name for one in loaded] == ["one/mr_ben", "other/mr_ben"]
    with pytest.raises(InputError, match="one/mr_ben twice"):
        load_labelled_sets([loaded[0].path] * 2)


def test_lines_are_joined_to_the_steps_that_they_name() -> None:
    lines = ["Let us see:", "Step 1: a", "a1", "a2", "Step 2: b", "Step 3: c", "c1", "Solution: B", "Note: sure"]
    assert join_by_headings(lines) == (
        "Let us see:\nStep 1: a\na1\na2",
        "Step 2: b",
        "Step 3: c\nc1",
        "Solution: B\nNote: sure",
    )


@pytest.mark.parametrize(
    "lines",
    [
        ["Step 1: a", "Step 2: b", "Solution: B", "Note: sure"],
        ["a", "b"],
        ["Step 1: a", "b", "Step 3: c"],
        ["Step 2: a", "Step 1: b"],
    ],
)
def test_lines_that_are_steps_already_stay(lines: list[str]) -> None:
    assert join_by_headings(lines) == tuple(lines)


def test_a_part_of_a_step_has_no_heading_of_its_own() -> None:
    lines = ["Step 1: a", "Step 1.1: a1", "Step 2: b", "Step 2.1: b1"]
    assert join_by_headings(lines) == ("Step 1: a\nStep 1.1: a1", "Step 2: b\nStep 2.1: b1")
