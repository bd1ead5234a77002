"""The stage: three splits, what was removed and why, and a report that adds up."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.config import ProblemsConfig
from supercorrect.errors import ConfigError
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import Problem, Rejection
from supercorrect.store import read_records

LONG = "A train leaves the old station at noon and drives {} miles in two hours before it stops. How fast is it?"


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def math_row(text: str, answer: int) -> dict[str, Any]:
    return {"problem": text, "solution": f"It is \\boxed{{{answer}}}.", "level": "Level 1", "type": "Algebra"}


def run_problems(folder: Path, tmp_path: Path) -> Pipeline:
    math = [math_row(LONG.format(n), n) for n in range(3)]
    unmarked = {**math_row("no answer", 1), "solution": "left to the reader"}
    gsm8k = [{"question": f"What is {n} + {n}?", "answer": f"#### {2 * n}"} for n in range(5)]
    sets = {
        "hsft": [
            {"path": write(tmp_path / "m.jsonl", [*math, unmarked])},
            {"path": write(tmp_path / "g.jsonl", gsm8k)},
        ],
        "errors": {"path": str(tmp_path / "g.jsonl"), "skip": 4},
        "held_out": {"path": write(tmp_path / "t.jsonl", [math_row("what is 0+0", 0), math_row("else", 1)])},
        "decontaminate_against": [{"path": write(tmp_path / "a.jsonl", [{"Problem": LONG.format(2), "Answer": 1}])}],
    }
    recipe = small_recipe(folder).model_copy(update={"problems": ProblemsConfig.model_validate(sets)})
    pipeline = Pipeline(recipe, Reporter(quiet=True))
    pipeline.run(until="problems")
    return pipeline


def test_mixed_sets_and_what_was_removed(tmp_path: Path) -> None:
    pipeline = run_problems(tmp_path / "run", tmp_path)
    folder = pipeline.folder
    assert [p.source for p in folder.read("problems/hsft", Problem)] == ["m", "m", "g", "g", "g"][:5]
    assert [p.problem for p in folder.read("problems/errors", Problem)] == ["What is 4 + 4?"]
    rejections = read_records(folder.rejects("problems"), Rejection)
    reasons = Counter(r.reason for r in rejections)
    expected = {"no_reference_answer": 1, "in_evaluation_set": 2, "in_later_split": 1}
    assert reasons == expected
    assert any("in evaluation (a)" in r.detail for r in rejections)
    entry = folder.read_manifest().stages["problems"]
    assert entry.rejected == expected
    assert entry.inputs == entry.kept + len(rejections)
    report = json.loads((folder.root / "data/problems/report.json").read_text())
    for split in report["splits"].values():
        assert split["loaded"] == split["kept"] + sum(split["removed"].values())
    assert report["splits"]["hsft"]["sets"][0] == {"name": "m", "layout": "math", "rows_read": 4, "taken": 3}
    assert report["evaluation_sets"]["a"] == {
        "problems": 1,
        "problems_matched": 1,
        "training_problems_removed": {"in_evaluation_set": 1},
    }


def test_the_outputs_do_not_depend_on_where_the_sets_stand(tmp_path: Path) -> None:
    outputs = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        pipeline = run_problems(tmp_path / name / "run", tmp_path / name)
        outputs.append(pipeline.folder.read_manifest().stages["problems"].outputs)
    assert outputs[0] == outputs[1]


def test_a_changed_set_makes_the_stage_new(tmp_path: Path) -> None:
    pipeline = run_problems(tmp_path / "run", tmp_path)
    assert pipeline.plan(pipeline.folder.read_manifest())["problems"] == "up to date"
    write(tmp_path / "a.jsonl", [{"Problem": "else", "Answer": 1}])
    again = Pipeline(pipeline.recipe, Reporter(quiet=True))
    assert again.plan(again.folder.read_manifest())["problems"] == "changed"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("problems.hsft={path: a, hub: b}", "expected exactly one of 'path', 'hub' and 'make'"),
        ("problems.hsft={path: a, revision: b}", "revision: without effect beside path"),
        ("problems.hsft.levels=[5]", "levels: without effect beside make"),
        ("problems.hsft=[]", "problems.hsft"),
        ("problems.hsft=[{path: a, colums: {}}]", "did you mean 'columns'?"),
        ("problems.hsft={path: a, columns: {level: b}}", "columns: expected 'problem', or a 'layout' that names it"),
        ("problems.hsft={path: a, columns: {problm: b}}", "did you mean 'problem'?"),
        ("problems.hsft={path: a, layout: maths}", "'math'"),
    ],
)
def test_what_is_wrong_in_a_set_is_said(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        small_recipe(tmp_path, override)
    assert message in str(caught.value)
