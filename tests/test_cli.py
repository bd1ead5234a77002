"""The command line as a stranger meets it: help, output, and one clear message with the right exit code."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from small_runs import REPOSITORY, SANDBOX, SMALL
from supercorrect import __version__


def supercorrect(*arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "supercorrect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def test_help_never_imports_torch() -> None:
    code = (
        "import sys; sys.argv = ['supercorrect', '--help']\n"
        "from supercorrect.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets', 'openai', 'sympy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert "mock-teacher" in result.stdout


def test_the_version_is_told_with_what_decides_a_run() -> None:
    result = supercorrect("--version")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"supercorrect {__version__} (") and "python " in result.stdout


def as_installed(folder: Path, *arguments: str) -> None:
    """Run the command as it is installed: not this folder but the command's own begins the module path (`-P`)."""
    command = [sys.executable, "-P", "-m", "supercorrect", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr


def test_functions_of_a_recipe_are_found_in_the_folder_that_one_is_in(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "examples" / "cups", tmp_path, dirs_exist_ok=True)
    (tmp_path / "json.py").write_text("raise RuntimeError('a file here was taken for an installed module')")
    as_installed(tmp_path, "run", "recipe.yaml", "--until", "problems")
    assert (tmp_path / "runs" / "cups" / "data" / "problems" / "held_out.jsonl").exists()


def test_a_grading_function_is_found_in_the_folder_that_one_is_in(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def same(completion, reference): return completion.endswith(reference)")
    (tmp_path / "rows.jsonl").write_text('{"id": "a", "reference_answer": "red", "completion": "it is red"}\n')
    as_installed(tmp_path, "grade", "rows.jsonl", "--output", "graded.jsonl", "--task", "mine:same")
    assert json.loads((tmp_path / "graded.jsonl").read_text())["status"] == "correct"


@pytest.mark.parametrize(
    "command",
    [
        *("run", "status", "validate", "estimate", "export", "mock-teacher", "parse", "grade", "eval", "solve"),
        *("eval-localisation", "eval-teacher", "view", "serve"),
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    result = supercorrect(command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


def assert_refused(result: subprocess.CompletedProcess[str], exit_code: int, *words: str) -> None:
    assert result.returncode == exit_code, result.stderr
    assert "Traceback" not in result.stderr
    assert sum(line.startswith("error: ") for line in result.stderr.splitlines()) == 1
    for word in words:
        assert word in result.stderr


def test_an_unknown_recipe_key() -> None:
    assert_refused(supercorrect("run", SANDBOX, "hsft.num_epoch=3"), 2, "did you mean 'num_epochs'?")


def test_a_missing_recipe(tmp_path: Path) -> None:
    assert_refused(supercorrect("validate", tmp_path / "gone.yaml"), 2, "gone.yaml")


def test_a_malformed_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    problems = tmp_path / "problems.jsonl"
    problems.write_text('{"problem": "1+1", "reference_solution": "2", "reference_answer": "2"}\n{"problem": 3}\n')
    overrides = [f"problems.hsft={{path: {problems}}}", f"output_dir={tmp_path / 'run'}"]
    assert_refused(supercorrect("run", SANDBOX, *overrides), 2, f"{problems}:2", "reference_solution")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    problems = tmp_path / "problems.jsonl"
    problems.write_text('{"problem": "1+1", "reference_solution": "2", "reference_answer": "2"}\n')
    kept = ("--store", tmp_path / "eval.sqlite")
    result = supercorrect("eval", tmp_path / "empty", "--problems", problems, *kept)
    assert_refused(result, 2, "not a model", "config.json")


def test_an_unreachable_teacher(tmp_path: Path) -> None:
    overrides = [
        *SMALL,
        "teacher.serve=null",
        "teacher.base_url=http://127.0.0.1:9/v1",
        "teacher.limits.max_attempts=2",
    ]
    result = supercorrect("run", SANDBOX, *overrides, "--output-dir", tmp_path / "run", "--until", "thoughts")
    assert_refused(result, 1, "127.0.0.1:9")


@pytest.mark.parametrize(("limit_kib", "until", "word"), [(8, "problems", "disk"), (1024, "sft", "free some space")])
def test_a_full_disk(tmp_path: Path, limit_kib: int, until: str, word: str) -> None:
    """A limit on the size of files stands for a full disk: records do not fit, then the weights of a model do not."""
    run = tmp_path / "run"
    command = [sys.executable, "-m", "supercorrect", "run", SANDBOX, *SMALL, "--output-dir", run, "--until", until]
    limited = ["bash", "-c", f'ulimit -f {limit_kib}; exec "$@"', "bash", *map(str, command)]
    result = subprocess.run(limited, capture_output=True, text=True, timeout=240, check=False)
    assert_refused(result, 74, word)
    again = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=240, check=False)
    assert again.returncode == 0, again.stderr


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    assert_refused(supercorrect("status", tmp_path), 2, "recipe.yaml")


def test_status_and_dry_run_of_a_finished_run(small_run: Path) -> None:
    shown = supercorrect("status", small_run)
    assert shown.returncode == 0
    assert "thoughts" in shown.stdout and "stages are up to date" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80 and "…" not in shown.stdout
    stages = json.loads(supercorrect("status", small_run, "--json").stdout)["stages"]
    assert {stage["state"] for stage in stages.values()} == {"up to date"}
    assert stages["thoughts"]["in"] == 48
    plan = supercorrect("run", SANDBOX, *SMALL, "--output-dir", small_run, "--dry-run", "--from", "pairs", "--json")
    states = {stage["stage"]: stage["state"] for stage in json.loads(plan.stdout)["stages"]}
    assert states["corrections"] == "up to date"
    assert states["pairs"] == states["cross_dpo"] == "asked for"


def test_an_estimate_asks_nobody_and_never_shows_the_unknown_as_nothing(tmp_path: Path) -> None:
    overrides = ("teacher.serve=null", "teacher.base_url=http://127.0.0.1:9/v1", "teacher.price=null")
    arguments = ("estimate", SANDBOX, *SMALL, *overrides, "--output-dir", tmp_path / "run")
    shown = supercorrect(*arguments)
    assert shown.returncode == 0, shown.stderr
    assert "unknown" in shown.stdout and "$" not in shown.stdout
    assert "guess: 3.5 characters a token" in shown.stdout
    estimated = json.loads(supercorrect(*arguments, "--json").stdout)
    assert estimated["usd"] is None and estimated["stages"][0]["requests"]["value"] == 48
    assert not (tmp_path / "run").exists()


def test_grade_and_parse_files(tmp_path: Path) -> None:
    graded, parsed, source = tmp_path / "graded.jsonl", tmp_path / "parsed.jsonl", tmp_path / "in.jsonl"
    source.write_text(
        '{"id": 1, "reference_answer": "7", "completion": "so <Answer> 7 </Answer>"}\n'
        '{"id": "b", "reference_answer": "1/2", "answer": "0.5"}\n'
        '{"id": 3, "reference_answer": "7", "completion": ""}\n'
    )
    assert supercorrect("grade", source, "--output", graded).returncode == 0
    rows = [json.loads(line) for line in graded.read_text().splitlines()]
    assert [(row["id"], row["status"]) for row in rows] == [(1, "correct"), ("b", "correct"), (3, "ungradable")]
    assert rows[0]["extracted"] == "7"
    assert rows[2]["reason"]
    source.write_text('{"id": 1, "text": "<Step 1> 2 </Step1> <Answer> 2 </Answer>"}\n{"id": 2, "text": "no"}\n')
    assert supercorrect("parse", "thought", source, "--output", parsed).returncode == 0
    rows = [json.loads(line) for line in parsed.read_text().splitlines()]
    assert [row["ok"] for row in rows] == [True, False]
    assert rows[0]["repairs"] == ["tag_respelled"]
    assert rows[1]["failure"] == "no_steps"


def test_solve_and_eval_with_the_shipped_student(small_run: Path, tmp_path: Path) -> None:
    student = str(small_run / "checkpoints/hsft/model")
    problem = "Ann starts at 6; first plus 4; second times 2; third minus 1. Where does Ann end?"
    (tmp_path / "problems.txt").write_text(f'{problem}\n\n{{"problem": {json.dumps(problem)}}}\n')
    solved = supercorrect("solve", "--input", tmp_path / "problems.txt", "--model", student)
    assert solved.returncode == 0
    assert solved.stdout.count("answer: 6\n") == 2
    template = "supercorrect.sandbox:prompts/hierarchical.jinja"
    problems = shutil.copy(small_run / "data/problems/held_out.jsonl", tmp_path / "held_out.jsonl")
    asked = ("--problems", problems, "--template", template, "--max-new-tokens", "120")
    kept = ("--store", tmp_path / "eval.sqlite", "--output", tmp_path / "items.jsonl")
    measured = supercorrect("eval", student, *asked, *kept, "--json")
    assert json.loads(measured.stdout)["models"][0]["accuracy"]["n"] == 16
    shown = supercorrect("eval", "--completions", tmp_path / "items.jsonl")
    assert "16 problems of items" in shown.stdout and "grader: math, version" in shown.stdout


def test_eval_says_what_it_needs() -> None:
    assert_refused(supercorrect("eval"), 2, "--problems", "--completions")
    both = ("eval", "a", "--completions", "b.jsonl")
    assert_refused(supercorrect(*both), 2, "--completions", "no model")


def test_an_interrupted_run_names_the_command_that_resumes_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = ["run", str(SANDBOX), *SMALL, "--from", "problems", "--output-dir", str(folder)]
    process = subprocess.Popen([sys.executable, "-m", "supercorrect", *command], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (folder / "checkpoints" / "hsft").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    resuming = [word for word in command if word not in ("--from", "problems")]
    assert f"Go on with: {shlex.join(['supercorrect', *resuming])}" in errors
