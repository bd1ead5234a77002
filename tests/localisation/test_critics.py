"""Critics: reading what they write, asking them through the store, and a model that reviews step by step."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import supercorrect.localisation.critics
from labelled_rows import STEPS, write_set, write_sets
from supercorrect.budget import Budget
from supercorrect.cli.localisation import eval_localisation
from supercorrect.config import EndpointConfig, SamplingConfig, StudentConfig
from supercorrect.errors import ConfigError
from supercorrect.formats import render_steps, split_steps
from supercorrect.grading import Grade
from supercorrect.localisation.critics import EndpointCritic, GivenSolution, StudentCritic
from supercorrect.localisation.evaluation import evaluate_critic, judge_through
from supercorrect.localisation.judged import judge_reviews
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.loading import load_labelled_sets
from supercorrect.localisation.reviews import Review, read_trace
from supercorrect.models.student import TokenCompletion
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.progress import Reporter
from supercorrect.prompts import hash_prompt
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.sandbox.teacher import section
from supercorrect.store import RequestStore

QUIET = Reporter(quiet=True)
FAULT = " <Cause> no </Cause> <Correction> 5 * 2 = 10 </Correction>"


def fault_second(messages: list[dict[str, str]]) -> str:
    """The trace of a critic that faults the second step of everything."""
    steps = [span.text for span in split_steps(section(messages[-1]["content"], "solution") or "")]
    steps[1] += FAULT
    return render_steps(steps) + "\n<Answer> 9 </Answer>"


@contextmanager
def served(answer: Callable[[list[dict[str, str]]], str | None]) -> Iterator[tuple[EndpointConfig, list[Any]]]:
    app = create_app(answer, MockOptions(model="mock"))
    with running_app(app) as url:
        yield EndpointConfig(model="mock", base_url=url, api_key_env=None), app.state.ledger


def labelled(**changes: Any) -> LabelledSolution:
    made: dict[str, Any] = {"item_id": "set/1", "set_name": "set", "problem": "(2 + 3) * 2 - 1?", "steps": tuple(STEPS)}
    return LabelledSolution(**made | {"first_error_step": 2, "reference_answer": "9"} | changes)


@pytest.mark.parametrize(
    ("reply", "named", "unreadable"),
    [
        (f"<Step1> a </Step1> <Step2> b {FAULT} </Step2>", 2, None),
        (f"<Step2> b {FAULT} </Step2>", 2, None),
        (f"<Step> a </Step> <Step> b {FAULT} </Step>", 2, None),
        (f"<Step1> a </Step1> <Step1> b {FAULT} </Step1>", 2, None),
        (f"<Step1> a </Step1> <Step3> c {FAULT} </Step3> <Step2> b {FAULT} </Step2>", 3, None),
        ("<Step1> a </Step1> <Step2> b </Step2>", None, None),
        ("<Step1> all right </Step1>", None, None),
        (f"<Step7> b {FAULT} </Step7>", None, "names_no_step"),
        ("The second step is wrong.", None, "no_steps"),
        ("", None, "empty_text"),
    ],
)
def test_reading_a_trace(reply: str, named: int | None, unreadable: str | None) -> None:
    review = read_trace(reply, step_count=3)
    assert (review.named_step, review.unreadable) == (named, unreadable)


def test_an_endpoint_is_asked_once_and_the_results_are_whole(tmp_path: Path) -> None:
    sets = load_labelled_sets(write_sets(tmp_path))
    with served(fault_second) as (endpoint, ledger), RequestStore(tmp_path / "store.sqlite") as store:
        critic = EndpointCritic(endpoint, "correction", store, Budget(), QUIET)
        result = evaluate_critic(critic, sets, tmp_path)
        asked = len(ledger)
        assert evaluate_critic(critic, sets, tmp_path) == result
        assert len(ledger) == asked, "a second evaluation asks for nothing"
    assert result["settings"]["decoding"] == {"temperature": 0.0, "top_p": 1.0, "max_new_tokens": 1024}
    assert result["settings"]["prompt_hash"] == hash_prompt("correction")  # as beside every figure of `eval`
    figures = result["sets"]["processbench"]["figures"]
    assert (figures["wrong"]["exact"]["value"], figures["right"]["false_alarm_rate"]["value"]) == (1 / 3, 1.0)
    assert result["sets"]["mr_ben"]["figures"]["wrong"]["corrected_step"]["value"] == 0.5
    assert result["sets"]["verify_then_generate"]["figures"]["wrong"]["corrected_answer"]["value"] == 0.5
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert len(items) == result["all"]["n"] == 17
    assert json.loads((tmp_path / "metrics.json").read_text()) == result


def test_a_reply_that_is_none_is_unreadable_with_its_reason(tmp_path: Path) -> None:
    [loaded] = load_labelled_sets([write_set(tmp_path, "processbench")])
    solutions = loaded.solutions[:1]
    with served(lambda messages: None) as (endpoint, _), RequestStore(tmp_path / "store.sqlite") as store:
        [review] = EndpointCritic(endpoint, "correction", store, Budget(), QUIET).review(solutions)
    assert (review.named_step, review.unreadable) == (None, "empty")


def test_answers_and_steps_are_graded_where_there_is_something_to_hold_them_against() -> None:
    review = Review(2, "no", "5 * 2 = 10", "9.0")
    solutions = [
        labelled(corrected_steps=("Step 2: it is = 11", "Step 2: 2 * 5 = 10")),
        labelled(reference_answer=None, corrected_steps=("5 doubled gives ten",)),
        labelled(reference_answer="8", corrected_steps=("5 * 2 = 12",)),
        labelled(first_error_step=None),
    ]
    judged = judge_reviews(solutions, [review] * 4)
    assert [(j.answer_status, j.step_status) for j in judged] == [
        ("correct", "correct"),
        (None, "ungradable"),
        ("incorrect", "incorrect"),
        (None, None),
    ]
    [silent] = judge_reviews(solutions[:1], [Review(2, "no")])
    assert (silent.answer_status, silent.step_status) == ("ungradable", "ungradable")


def test_a_judge_decides_what_the_rule_cannot_and_overrules_nothing(tmp_path: Path) -> None:
    solutions = [labelled(corrected_steps=("5 doubled gives ten",)), labelled(reference_answer="8")]
    reviews = [Review(2, "no", "twice five is ten", "9")] * 2
    with served(lambda messages: "VERDICT: SAME") as (endpoint, ledger), RequestStore(tmp_path / "s.sqlite") as store:
        judged = judge_reviews(solutions, reviews, judge_through(endpoint, store, Budget(), QUIET))
        assert len(ledger) == 1
    assert [(j.answer_status, j.step_status) for j in judged] == [("correct", "correct"), ("incorrect", None)]


def test_a_judge_with_nothing_to_decide_is_not_asked(tmp_path: Path) -> None:
    def judging(undecided: object) -> list[Grade]:
        assert not undecided
        return []

    [judged] = judge_reviews([labelled()], [Review(2, "no", "5 * 2 = 10", "9")], judging)
    assert judged.answer_status == "correct"


def test_given_steps_stay_as_they_are_whatever_stands_in_them() -> None:
    given = ("a < b", "<Step7> no heading </Step7>", "", "</Answer> 3")
    text = render_steps(given)
    spans = GivenSolution("p", text, (), given=given).steps
    assert [span.text for span in spans] == list(given)
    assert [text[s.start : s.end] for s in spans] == text.split("\n")
    plain = render_steps(STEPS)
    assert GivenSolution("p", plain, (), given=tuple(STEPS)).steps == split_steps(plain)


def test_a_model_here_reviews_step_by_step_and_goes_on_from_its_store(tmp_path: Path) -> None:
    name = "supercorrect.sandbox:base_student"
    config = StudentConfig(model=name, batch_size=4)
    student = TransformersStudent(name, config)
    sampling = SamplingConfig(max_new_tokens=12)
    solutions = load_labelled_sets([write_set(tmp_path, "verify_then_generate")])[0].solutions
    with RequestStore(tmp_path / "store.sqlite") as store:
        critic = StudentCritic(student, config, "correction", "hierarchical", sampling, 0, store, QUIET)
        reviews = critic.review(solutions)
        stored = len(store)
        assert critic.review(solutions) == reviews
        assert len(store) == stored
    assert len(reviews) == len(solutions)
    assert all(r.unreadable in (None, "truncated", "step_not_closed") for r in reviews)
    assert critic.settings["model_fingerprint"] == student.fingerprint


def test_no_step_is_asked_about_behind_one_that_is_faulted_or_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Three solutions: the second step of one is faulted, the first of one is left open, the last stands."""
    written = {("fault", 1): "</Step1>", ("fault", 2): f"{FAULT} </Step2>", ("open", 1): "and then and then"}
    asked: list[tuple[str, int]] = []

    def review(student: object, store: object, questions: Any, *others: object, **named: object) -> list[Any]:
        asked.extend((solution.problem, step) for solution, step in questions)
        texts = [written.get((solution.problem, step), f"</Step{step}>") for solution, step in questions]
        return [TokenCompletion((), text, "stop") for text in texts]

    def rewrite(student: object, store: object, solutions: Any, findings: Any, *others: object, **named: object) -> Any:
        assert [(s.problem, f.step, f.correction) for s, f in zip(solutions, findings, strict=True)] == [
            ("fault", 2, "5 * 2 = 10")
        ]
        return ["<Step1> 2 + 3 = 5 </Step1> <Answer> 9 </Answer>"]

    monkeypatch.setattr(supercorrect.localisation.critics, "review_steps", review)
    monkeypatch.setattr(supercorrect.localisation.critics, "rewrite_from", rewrite)
    name = "supercorrect.sandbox:base_student"
    config = StudentConfig(model=name)
    student = TransformersStudent(name, config)
    solutions = [labelled(problem=problem) for problem in ("fault", "open", "right")]
    with RequestStore(tmp_path / "store.sqlite") as store:
        critic = StudentCritic(student, config, "correction", "hierarchical", SamplingConfig(), 0, store, QUIET)
        reviews = critic.review(solutions)
    assert [(r.named_step, r.unreadable, r.answer) for r in reviews] == [
        (2, None, "9"),
        (None, "step_not_closed", None),
        (None, None, None),
    ]
    assert sorted(asked) == [("fault", 1), ("fault", 2), ("open", 1), ("right", 1), ("right", 2), ("right", 3)]


def test_the_command_prints_tables_or_json(tmp_path: Path) -> None:
    data = write_set(tmp_path, "mr_ben")
    with served(fault_second) as (endpoint, _):
        (tmp_path / "critic.yaml").write_text(f"model: mock\nbase_url: {endpoint.base_url}\napi_key_env: null\n")
        command = [sys.executable, "-m", "supercorrect", "eval-localisation", str(tmp_path / "critic.yaml")]
        command += ["--data", str(data), "--output", str(tmp_path / "out"), "--limit", "2"]
        tables = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        printed = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120, check=True)
    assert "right answer, wrong step" in tables.stdout
    result = json.loads(printed.stdout)
    assert result["all"]["n"] == 2
    assert result["settings"]["endpoint"] == endpoint.base_url


def test_a_missing_pyarrow_is_told_before_anything_is_read_or_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="pyarrow"):
        eval_localisation("mock", [tmp_path / "none.jsonl"], output=tmp_path / "out", parquet=True)
    assert not (tmp_path / "out").exists()
