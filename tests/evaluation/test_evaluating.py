"""Evaluating a model behind an endpoint that is scripted: what it writes, and so every figure, is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError
from supercorrect.evaluation import evaluating
from supercorrect.evaluation.items import EvaluatedSample
from supercorrect.evaluation.opening import Access
from supercorrect.evaluation.settings import EvaluationSettings, problem_set, settings_of
from supercorrect.progress import Reporter
from supercorrect.prompts import hash_prompt
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.store import read_records

RIGHT_AT_FIRST, FOUND, NOT_FOUND, BROKEN = 1, 2, 3, 4
"""Problem n asks for n + n. What the model does: right and let stand; wrong and mended; wrong and let stand; broken."""


def answer_of(messages: Sequence[dict[str, Any]]) -> str:
    text = messages[-1]["content"]
    n = int(text.split("Number ")[1].split()[0])
    wrong, right = f"<Step1> {n} + {n} = 99 </Step1> <Answer> 99 </Answer>", f"<Answer> {2 * n} </Answer>"
    if "You have solved the problem below" in text:  # the reflection
        verdict = (
            "revise </Verdict> <Remarks> added wrongly </Remarks>" if n in (FOUND, BROKEN) else "accept </Verdict>"
        )
        return f"<Verdict> {verdict}"
    if "You have tried this before" in text:
        assert "added wrongly" in text
        return right if n == FOUND else wrong
    if "Check it." in text:  # the correction prompt
        if n == FOUND:
            return (
                f"<Step1> {n} + {n} = 99 <Cause> sum </Cause> <Correction> {n} + {n} = {2 * n} </Correction> </Step1>"
                f" <Answer> {2 * n} </Answer>"
            )
        if n == BROKEN:
            return "<Step1> x <Cause> y </Cause> <Correction> z </Correction> </Step1> <Answer> 99 </Answer>"
        return f"<Step1> it stands </Step1> {wrong if n == NOT_FOUND else right}"
    return wrong if n in (FOUND, NOT_FOUND) else right


@pytest.fixture
def problems(tmp_path: Path) -> ProblemSetConfig:
    path = tmp_path / "problems.jsonl"
    rows = [
        {"problem": f"Number {n} and itself?", "reference_answer": str(2 * n), "level": "odd" if n % 2 else "even"}
        for n in (RIGHT_AT_FIRST, FOUND, NOT_FOUND, BROKEN)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return problem_set(str(path), None)


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[str, Any]]]:
    with ExitStack() as stack:

        def start(reply: Callable[[Sequence[dict[str, Any]]], str] = answer_of, name: str = "m") -> tuple[str, Any]:
            app = create_app(reply, MockOptions(model=name))
            return f"{name}@{stack.enter_context(running_app(app))}", app.state.ledger

        yield start


def evaluate(tmp_path: Path, models: list[str], settings: EvaluationSettings, name: str = "items.jsonl") -> Any:
    return evaluating.evaluate_models(
        models,
        settings,
        store_path=tmp_path / "eval.sqlite",
        output=tmp_path / name,
        reporter=Reporter(quiet=True),
        access=Access(),
    )


def test_every_figure_of_a_scripted_model(
    tmp_path: Path, problems: ProblemSetConfig, serve: Callable[..., tuple[str, Any]]
) -> None:
    model, ledger = serve()
    settings = EvaluationSettings(problems=problems, self_correct=2, reflexion=True)
    result = evaluate(tmp_path, [model], settings)
    [figures] = result["models"]
    assert (figures["accuracy"]["value"], figures["accuracy"]["n"]) == (0.5, 4)
    assert {level: share["value"] for level, share in figures["by_level"].items()} == {"even": 0.5, "odd": 0.5}
    for corrected in figures["self_correction"]:
        assert (corrected["wrong_to_right"], corrected["right_to_wrong"]) == (1, 1)
        assert [corrected[k]["value"] for k in ("self_correction_rate", "error_recall", "over_correction_rate")] == [
            0.5,
            0.5,
            0.5,
        ]
    assert len(figures["self_correction"]) == 2
    assert (figures["reflexion"]["wrong_to_right"], figures["reflexion"]["right_to_wrong"]) == (1, 1)
    assert figures["prompt_hashes"]["solving"] == hash_prompt("hierarchical")
    assert set(figures["prompt_hashes"]) == {"solving", "correction", "reflection", "retry"}
    assert (figures["revision"], figures["self_correction_form"]) == ("m", "trace")
    assert result["settings"]["temperature"] == 0.0
    assert result["grader"].startswith("math, version ")
    rows = read_records(tmp_path / "items.jsonl", EvaluatedSample)
    assert [row.status for row in rows] == ["correct", "incorrect", "incorrect", "correct"]
    assert [row.passes[0].faulted for row in rows] == [False, True, False, True]
    asked = len(ledger)
    assert evaluate(tmp_path, [model], settings) == result
    assert len(ledger) == asked  # the same command again asks for nothing


def test_two_models_are_compared_problem_by_problem(
    tmp_path: Path, problems: ProblemSetConfig, serve: Callable[..., tuple[str, Any]]
) -> None:
    first, _ = serve()
    second, _ = serve(lambda messages: "The answer is 99.", name="always99")
    result = evaluate(tmp_path, [first, second], EvaluationSettings(problems=problems, prompts=("plain", "few_shot")))
    [compared] = result["comparisons"]
    assert (compared["first"], compared["second"], compared["majority"]) == (first, second, None)
    assert (compared["accuracy"]["only_first"], compared["accuracy"]["only_second"]) == (2, 0)
    assert [model["prompt"] for model in result["models"]] == ["plain", "few_shot"]
    assert len(read_records(tmp_path / "items.jsonl", EvaluatedSample)) == 8


def test_a_password_in_a_url_is_neither_shown_nor_written(
    tmp_path: Path, problems: ProblemSetConfig, serve: Callable[..., tuple[str, Any]]
) -> None:
    model, _ = serve()
    result = evaluate(tmp_path, [model.replace("://", "://user:secret@")], EvaluationSettings(problems=problems))
    assert result["models"][0]["model"] == model
    assert {row.model for row in read_records(tmp_path / "items.jsonl", EvaluatedSample)} == {model}
    assert "secret" not in json.dumps(result)


def test_what_an_endpoint_did_not_answer_is_ungradable_and_not_wrong(
    tmp_path: Path, problems: ProblemSetConfig, serve: Callable[..., tuple[str, Any]]
) -> None:
    model, _ = serve(lambda messages: "")
    [figures] = evaluate(tmp_path, [model], EvaluationSettings(problems=problems))["models"]
    assert sum(figures["ungradable"].values()) == 4


def test_several_samples_are_several_requests(
    tmp_path: Path, problems: ProblemSetConfig, serve: Callable[..., tuple[str, Any]]
) -> None:
    model, ledger = serve()
    settings = settings_of(problems=problems, samples=3, sampling={"temperature": 0.7})
    result = evaluate(tmp_path, [model], settings, "items.parquet")
    [figures] = result["models"]
    assert len(ledger) == 12
    assert figures["pass_at"][3]["value"] == figures["maj_at"][3]["value"] == 0.5
    assert figures["stability"]["variance"] == 0.0
    from pyarrow import parquet

    rows = parquet.read_table(tmp_path / "items.parquet").to_pylist()
    assert [(row["problem"].split()[1], row["sample_index"]) for row in rows][:4] == [
        ("1", 0),
        ("1", 1),
        ("1", 2),
        ("2", 0),
    ]
    assert not (tmp_path / "items.parquet.partial").exists()


def test_rows_come_while_a_model_works(
    tmp_path: Path,
    problems: ProblemSetConfig,
    serve: Callable[..., tuple[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, _ = serve()
    settings = settings_of(problems=problems, samples=2, sampling={"temperature": 0.7})

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluating, "summarise", stop)
    with pytest.raises(KeyboardInterrupt):
        evaluate(tmp_path, [model], settings)
    assert len((tmp_path / "items.jsonl.partial").read_text().splitlines()) == 8
    assert not (tmp_path / "items.jsonl").exists()


def test_settings_that_cannot_be(tmp_path: Path, problems: ProblemSetConfig) -> None:
    with pytest.raises(ConfigError, match="temperature above 0"):
        settings_of(problems=problems, samples=4)
    with pytest.raises(ConfigError, match="--limit"):
        problem_set("supercorrect.sandbox.language:make_problems", None)
    with pytest.raises(ConfigError, match="different models"):
        evaluate(tmp_path, ["a", "a"], EvaluationSettings(problems=problems))
    with pytest.raises(ConfigError, match="one for each"):
        evaluate(tmp_path, ["a"], EvaluationSettings(problems=problems, prompts=("plain", "hierarchical")))
    with pytest.raises(ConfigError, match="parquet"):
        evaluate(tmp_path, ["a"], EvaluationSettings(problems=problems), "items.csv")
