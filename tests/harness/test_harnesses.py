"""Our prompts and verdicts in other people's harnesses are those of our own evaluation, item by item."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from supercorrect.config import SamplingConfig
from supercorrect.errors import ConfigError
from supercorrect.evaluation.evaluating import evaluate_models
from supercorrect.evaluation.opening import Access
from supercorrect.evaluation.settings import problem_set, settings_of
from supercorrect.grading import Grader
from supercorrect.harness.prompted import load_prompted
from supercorrect.progress import Reporter
from supercorrect.prompts import read_template, render_prompt
from supercorrect.sandbox.language import make_problems

STUDENT = "supercorrect.sandbox:base_student"
TEMPLATE = "supercorrect.sandbox:prompts/hierarchical.jinja"
MAX_NEW_TOKENS = 100


@contextmanager
def student_folder() -> Iterator[Path]:
    with as_file(files("supercorrect.sandbox") / "base_student") as folder:
        yield folder


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Problems that nobody has seen; the seed is printed."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    path = tmp_path_factory.mktemp("harness") / "problems.jsonl"
    rows = make_problems(count=40, seed=seed, split="held_out")
    names = {"problem", "reference_solution", "reference_answer"}
    path.write_text("".join(row.model_dump_json(include=names) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def ours(problems: Path) -> dict[str, tuple[str, str]]:
    """Verdict and completion of our own evaluation, by problem_id."""
    output = problems.with_name("ours.jsonl")
    settings = settings_of(
        problems=problem_set(str(problems), None),
        prompts=(TEMPLATE,),
        sampling=SamplingConfig(max_new_tokens=MAX_NEW_TOKENS),
        batch_size=40,
    )
    store = problems.with_name("store.sqlite")
    quiet = Reporter(quiet=True)
    evaluate_models([STUDENT], settings, store_path=store, output=output, reporter=quiet, access=Access())
    rows = map(json.loads, output.read_text().splitlines())
    return {row["problem_id"]: (row["status"], row["completion"]) for row in rows}


def test_every_harness_is_handed_the_prompt_that_the_student_is_evaluated_with(problems: Path) -> None:
    rows = load_prompted(str(problems), TEMPLATE)
    texts = [json.loads(line)["problem"] for line in problems.read_text().splitlines()]
    assert [row.prompt for row in rows] == [render_prompt(read_template(TEMPLATE), problem=text) for text in texts]


def test_a_harness_asks_each_problem_once_and_warns_of_rows_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        {"problem": "1 + 1", "answer": "2"},
        {"problem": "1 + 1", "answer": "2"},
        {"problem": "2 + 2", "answer": None},
    ]
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [row.reference_answer for row in load_prompted(str(path), "plain")] == ["2"]
    assert [record.getMessage() for record in caplog.records] == [
        "problems: 1 of 3 rows left out: no reference answer",
        "problems: 1 of 3 rows left out: the problem stands in a row before",
    ]


def test_problems_that_are_not_named_are_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"--metadata .*problems"):
        load_prompted(None, "hierarchical")


def test_lm_evaluation_harness_gives_the_same_verdicts(problems: Path, ours: dict[str, tuple[str, str]]) -> None:
    lm_eval = pytest.importorskip("lm_eval", reason="lm_eval is not installed")
    from lm_eval.tasks import TaskManager

    metadata = {"problems": str(problems), "prompt": TEMPLATE}
    with student_folder() as student:
        result = lm_eval.simple_evaluate(
            model="hf",
            model_args={"pretrained": str(student), "dtype": "float32"},
            tasks=["supercorrect"],
            task_manager=TaskManager(include_path=str(files("supercorrect.harness")), metadata=metadata),
            batch_size=40,
            device="cpu",
            gen_kwargs=f"max_gen_toks={MAX_NEW_TOKENS}",
            apply_chat_template=True,
            log_samples=True,
            metadata=metadata,
        )
    verdicts = {(1.0, 0.0): "correct", (0.0, 1.0): "ungradable", (0.0, 0.0): "incorrect"}
    theirs = {
        sample["doc"]["problem_id"]: (verdicts[sample["accuracy"], sample["ungradable"]], sample["resps"][0][0])
        for sample in result["samples"]["supercorrect"]
    }
    assert theirs == ours


def test_inspect_gives_the_same_verdicts(problems: Path, ours: dict[str, tuple[str, str]], tmp_path: Path) -> None:
    inspect_ai = pytest.importorskip("inspect_ai", reason="inspect_ai is not installed")
    from supercorrect.harness.inspect_evaluation import VALUES
    from supercorrect.harness.inspect_evaluation import problems as problems_task

    with student_folder() as student:
        [log] = inspect_ai.eval(
            problems_task(str(problems), TEMPLATE, MAX_NEW_TOKENS),
            model="hf/local",
            model_args={"model_path": str(student), "device": "cpu", "batch_size": 40, "do_sample": False},
            log_dir=str(tmp_path),
            display="none",
        )
    assert log.status == "success", log.error
    statuses = {value: status for status, value in VALUES.items()}
    theirs = {s.id: (statuses[s.scores["verdict"].value], s.output.completion) for s in log.samples}
    assert theirs == ours


def test_inspect_scores_as_our_grader_does(problems: Path, tmp_path: Path) -> None:
    """Scripted completions, so that no model is needed: right, wrong, ungradable and none."""
    inspect_ai = pytest.importorskip("inspect_ai", reason="inspect_ai is not installed")
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from supercorrect.harness.inspect_evaluation import VALUES
    from supercorrect.harness.inspect_evaluation import problems as problems_task

    rows = load_prompted(str(problems), TEMPLATE)
    endings = ["{}", "{} + 1", "no idea at all", ""]
    completions = {
        row.problem_id: f"<Answer> {endings[i % 4].format(row.reference_answer)} </Answer>"
        for i, row in enumerate(rows)
    }
    by_prompt = {row.prompt: completions[row.problem_id] for row in rows}

    def answer(messages: list, *others: object) -> ModelOutput:  # type: ignore[type-arg]
        output = ModelOutput.from_content("mockllm/model", by_prompt[messages[-1].text])
        return output.model_copy(update={"usage": ModelUsage()})  # else inspect fetches a tokenizer to count by

    model = get_model("mockllm/model", custom_outputs=answer)
    [log] = inspect_ai.eval(problems_task(str(problems), TEMPLATE), model=model, log_dir=str(tmp_path), display="none")
    assert log.status == "success", log.error
    with Grader() as grader:
        expected = {
            r.problem_id: VALUES[grader.grade(completions[r.problem_id], r.reference_answer).status] for r in rows
        }
    assert {s.id: s.scores["verdict"].value for s in log.samples} == expected
    assert len(set(expected.values())) == 3
