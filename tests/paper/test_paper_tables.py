"""Every table from runs without a model, whose figures are known from how they were made."""

from __future__ import annotations

import json
import random
import statistics
from pathlib import Path

import pytest

from made_paper_runs import PAPER, add_teaching, made_run
from supercorrect.config import TableName
from supercorrect.paper.building import TABLES, table_path, write_tables
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Figure, Row, Table, render_table, show

SEED = random.SystemRandom().randrange(10**6)
NAMES: tuple[TableName, ...] = tuple(TABLES)


def opened(name: str, root: Path, *overrides: str, seed: int = SEED) -> FinishedRun:
    print("seed", seed)
    recipe, folder = made_run(PAPER / f"{name}.yaml", root, *overrides, seed=seed)
    add_teaching(folder)
    return FinishedRun(recipe, folder)


@pytest.mark.parametrize("name", NAMES)
def test_each_recipe_writes_its_table_as_markdown_and_json(name: TableName, tmp_path: Path) -> None:
    run = opened(name, tmp_path)
    assert run.recipe.tables == (name,)
    [path] = write_tables(run.recipe, run.folder)
    assert path == table_path(run.folder, name)
    lines = [line for line in path.read_text().splitlines() if line.startswith("|")]
    data = json.loads(path.with_suffix(".json").read_text())
    assert len(lines) == 2 + len(data["rows"])
    assert len({line.count("|") - line.count("\\|") for line in lines}) == 1
    assert all(("*paper:*" in line) == row["of_paper"] for line, row in zip(lines[2:], data["rows"], strict=True))


def test_accuracy_is_that_of_the_rows_and_the_papers_figures_stand_below(tmp_path: Path) -> None:
    run = opened("table2", tmp_path)
    table = TABLES["table2"]([run])
    sampled = table.rows[0].cells[table.columns.index("HSFT")]
    right = [item.sampled == "correct" for item in run.items("hsft")]
    assert isinstance(sampled, Figure)
    assert sampled.value == sum(right) / 60
    assert sampled.n == 60
    qwen = next(row for row in table.rows if row.of_paper and row.labels[:2] == ("Qwen2.5-Math-7B-Instruct", "MATH"))
    assert [show(cell) for cell in qwen.cells] == ["55.1", "57.4", "62.4", "63.1", "70.2"]


def test_two_runs_are_pooled_over_their_problems_and_shown_one_by_one(tmp_path: Path) -> None:
    runs = [opened("table2", tmp_path / str(seed), seed=seed) for seed in (SEED, SEED + 1)]
    cell = TABLES["table2"](runs).rows[0].cells[0]
    single = [TABLES["table2"]([run]).rows[0].cells[0] for run in runs]
    assert isinstance(cell, Figure)
    values = [one.value for one in single if isinstance(one, Figure) and one.value is not None]
    assert cell.by_run == tuple(values)
    assert cell.value == pytest.approx(sum(values) / 2)
    assert cell.n == 120


def test_localisation_counts_wrong_and_right_solutions_apart(tmp_path: Path) -> None:
    run = opened("table6", tmp_path)
    located, corrected, alarms = TABLES["table6"]([run]).rows[1].cells
    right = {item.reviewed_solution_id: item.located_step == 1 for item in run.items("cross_dpo")}
    wrong = [s for s, verdict in run.verdicts.items() if verdict.status == "incorrect"]
    assert isinstance(located, Figure)
    assert isinstance(alarms, Figure)
    assert (located.n, alarms.n) == (40, 20)
    assert located.value == pytest.approx(sum(right[s] for s in wrong) / 40)
    assert corrected == located
    assert alarms.value == pytest.approx(sum(right[s] for s in run.verdicts if s not in wrong) / 20)


def test_teachers_work_without_the_inspector_is_the_first_draft_that_can_be_read(tmp_path: Path) -> None:
    run = opened("table5", tmp_path)
    without, with_inspector, dropped = TABLES["table5"]([run]).rows[0].cells
    assert isinstance(without, Figure)
    assert isinstance(with_inspector, Figure)
    assert (without.value, without.n) == (0.7, 10)
    assert (with_inspector.value, with_inspector.n) == (1.0, 9)
    assert dropped == "1 of 10"


def test_stability_has_mean_and_variance_of_the_repeats(tmp_path: Path) -> None:
    run = opened("figure5", tmp_path)
    row = TABLES["figure5"]([run]).rows[0]
    items = run.repeats("base")
    shares = [sum(v == "correct" for v in item.verdicts) / 8 for item in items]
    mean, variance, deviation = row.cells
    assert isinstance(mean, Figure)
    assert isinstance(variance, Figure)
    assert mean.value == pytest.approx(sum(shares) / 10)
    by_repeat = [sum(item.verdicts[i] == "correct" for item in items) / 10 for i in range(8)]
    assert isinstance(deviation, Figure)
    assert deviation.value == pytest.approx(statistics.stdev(by_repeat))
    assert variance.value == pytest.approx(sum(s * (1 - s) * 8 / 7 for s in shares) / 10)


def test_cases_side_by_side_are_the_first_of_their_kind_with_their_count(tmp_path: Path) -> None:
    run = opened("table3", tmp_path)
    right = {arm: [i.greedy == "correct" for i in run.items(arm)] for arm in run.arms}
    case = [c and not h and not s for c, h, s in zip(right["cross_dpo"], right["hsft"], right["sft"], strict=True)]
    first = TABLES["table3"]([run]).rows[0]
    assert first.labels[0].endswith(f": {sum(case)} of 60 problems")
    assert first.cells[0] == list(run.problems.values())[case.index(True)].problem


def test_a_cell_never_breaks_the_table() -> None:
    text = render_table(Table("t", "T", ("a",), ("b",), (Row(("x",), ("1 | 2\n3",)),)))
    assert text.splitlines()[-1] == "| x | 1 \\| 2<br>3 |"
    assert show(Figure(None)) == "–"
    assert show(Figure(0.5, (0.25, 0.75), 4, (0.4, 0.6))) == "50.0 [25.0, 75.0] (40.0 / 60.0)"


def test_controls_say_what_the_teacher_was_asked_for(tmp_path: Path) -> None:
    run = opened("controls", tmp_path)
    [spent] = [note for note in TABLES["controls"]([run]).notes if note.startswith("Calls")]
    assert "cross_dpo 14 (140 tokens of output); hsft_fresh_calls 0 (0 tokens of output)" in spent
