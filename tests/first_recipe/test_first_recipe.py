"""Four answers make a recipe that `validate` accepts, and no terminal is left waiting."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from small_runs import SANDBOX
from supercorrect.cli import app
from supercorrect.config import load_recipe
from supercorrect.errors import ConfigError, InputError
from supercorrect.first_recipe import HARDWARE, Answers, compose_recipe

QWEN = "Qwen/Qwen2.5-0.5B-Instruct"


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    rows = [
        {"problem": f"What is {n} + {7 * n}?", "solution": f"#### {8 * n}", "answer": str(8 * n)} for n in range(50)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_no_answer_at_all_is_the_shipped_sandbox() -> None:
    assert compose_recipe("any", Answers()) == SANDBOX.read_text()


@pytest.mark.parametrize("hardware", HARDWARE)
@pytest.mark.parametrize("teacher", ["sandbox", "gpt-4o-mini", "m@http://127.0.0.1:8000/v1", "m@https://host/v1"])
def test_every_answer_makes_a_recipe_that_validate_accepts(
    tmp_path: Path, problems: Path, hardware: str, teacher: str
) -> None:
    path = tmp_path / "mine.yaml"
    answers = Answers(QWEN, teacher, str(problems), hardware, 5.0)  # type: ignore[arg-type]
    path.write_text(compose_recipe("mine", answers))
    recipe = load_recipe(path)
    assert recipe.name == "mine" and recipe.max_cost_usd == 5.0
    assert recipe.student.dtype == ("float32" if hardware == "cpu" else "bfloat16")
    assert (
        recipe.teacher.api_key_env
        == {
            "sandbox": None,
            "gpt-4o-mini": "OPENAI_API_KEY",
            "m@http://127.0.0.1:8000/v1": None,
            "m@https://host/v1": "TEACHER_API_KEY",
        }[teacher]
    )
    assert recipe.hsft.global_batch_size == recipe.cross_dpo.global_batch_size == 32
    result = CliRunner().invoke(app, ["validate", str(path)])
    assert result.exit_code == 0, result.output


def test_one_file_is_cut_into_three_and_two_into_halves_and_a_test(tmp_path: Path, problems: Path) -> None:
    path, held_out = tmp_path / "mine.yaml", tmp_path / "held_out.jsonl"
    path.write_text(compose_recipe("mine", Answers(QWEN, problems=str(problems))))
    one = load_recipe(path).problems
    assert [(s.skip, s.count) for s in (*one.hsft, *one.errors, *one.held_out)] == [(0, 20), (20, 20), (40, None)]
    path.write_text(compose_recipe("mine", Answers(QWEN, problems=f"{problems}, {held_out}")))
    two = load_recipe(path).problems
    assert [(s.skip, s.count) for s in (*two.hsft, *two.errors)] == [(0, 25), (25, 25)]
    assert two.held_out[0].path == str(held_out)


def test_what_does_not_go_together_is_refused(tmp_path: Path, problems: Path) -> None:
    with pytest.raises(ConfigError, match="knows the words of the sandbox"):
        compose_recipe("mine", Answers(problems=str(problems)))
    with pytest.raises(InputError, match="expected a file of problems"):
        compose_recipe("mine", Answers(QWEN, problems=str(tmp_path / "none.jsonl")))
    few = tmp_path / "few.jsonl"
    few.write_text("".join(problems.read_text().splitlines(keepends=True)[:5]))
    with pytest.raises(InputError, match="at least 10 problems with a checkable answer, got 5"):
        compose_recipe("mine", Answers(QWEN, problems=str(few)))


def test_without_a_terminal_nothing_is_asked_and_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    result = CliRunner().invoke(app, ["init", str(path)])
    assert result.exit_code == 0 and path.read_text() == SANDBOX.read_text()
    path.write_text("mine")
    refused = CliRunner().invoke(app, ["init", str(path)])
    assert isinstance(refused.exception, ConfigError) and "--force" in str(refused.exception)
    assert path.read_text() == "mine"
    assert CliRunner().invoke(app, ["init", str(path), "--force"]).exit_code == 0
    assert path.read_text() == SANDBOX.read_text()


def test_in_a_terminal_four_questions_are_asked(tmp_path: Path, problems: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "supercorrect", "init", "mine.yaml"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path) as process:
        os.close(theirs)
        os.write(ours, f"{QWEN}\nsandbox\n{problems}\ngpu-24gb\n".encode())
        assert process.wait(120) == 0
        shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "Student:" in shown and "Students run on" in shown and "supercorrect doctor mine.yaml" in shown
    recipe = load_recipe(tmp_path / "mine.yaml")
    assert recipe.student.model == QWEN and recipe.hsft.lora is not None
