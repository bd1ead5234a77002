"""The commands that need no run: grade, parse, mock-teacher."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from supercorrect import terminal
from supercorrect.cli.application import AsJson, app
from supercorrect.progress import Reporter


class FormatKind(StrEnum):
    """What `parse` reads."""

    thought = "thought"
    correction = "correction"


class MockAnswers(StrEnum):
    """Who answers at the mock teacher."""

    oracle = "oracle"
    inspector = "inspector"
    echo = "echo"


class KeyPolicy(StrEnum):
    """When the oracle's demonstrations have a key."""

    size = "size"
    always = "always"


@app.command()
def grade(
    path: Annotated[Path, typer.Argument(help="jsonl: {id, reference_answer, completion} or answer for completion.")],
    output: Annotated[Path, typer.Option(help="jsonl: {id, status, extracted, reason}.")],
    task: Annotated[
        str, typer.Option(help="math, multiple_choice, exact, numeric, regex, or your own module:function.")
    ] = "math",
    as_json: AsJson = False,
) -> None:
    """Grade completions: correct, incorrect or ungradable. Started again, it goes on where it was killed."""
    from supercorrect.grading import Grader, grade_file

    reporter = Reporter()
    with Grader(task=task) as grader, reporter.task(f"grade {path}", total=1) as bar:
        counts = grade_file(path, output, grader, on_progress=bar.resize)
    print(json.dumps(counts)) if as_json else reporter.say(f"{output}: {terminal.describe_counts(counts)}")


@app.command()
def parse(
    kind: Annotated[FormatKind, typer.Argument(help="What the texts are.")],
    path: Annotated[Path, typer.Argument(help="jsonl: {id, text}.")],
    output: Annotated[Path, typer.Option(help="jsonl: {id, ok, record, repairs, failure}.")],
) -> None:
    """Parse thoughts or correction traces, and say what was repaired."""
    from supercorrect.formats import parse_file

    counts = parse_file(kind.value, path, output)
    Reporter().say(
        f"{output}: {counts.ok} of {counts.rows} parsed; failures: {terminal.describe_counts(counts.failures)}; "
        f"repairs: {terminal.describe_counts(counts.repairs)}"
    )


@app.command("mock-teacher")
def mock_teacher(
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8710,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    model: Annotated[str, typer.Option(help="The model name to answer under.")] = "oracle",
    answers: Annotated[
        MockAnswers, typer.Option(help="The sandbox's oracle, its inspector, or any problem's reference solution.")
    ] = MockAnswers.oracle,
    key_policy: Annotated[KeyPolicy, typer.Option(help="When demonstrations have a key.")] = KeyPolicy.size,
    mistakes: Annotated[
        str, typer.Option(help="Shares of what it does wrong on purpose, such as misplaced_error=0.1,omitted_key=0.2.")
    ] = "",
    latency_seconds: Annotated[float, typer.Option(help="Wait before each answer.")] = 0.0,
    requests_per_minute: Annotated[float | None, typer.Option(help="Answer 429 above this rate.")] = None,
    faults: Annotated[str, typer.Option(help="Shares of faults, such as rate_limited=0.2,server_error=0.05.")] = "",
    ledger: Annotated[Path | None, typer.Option(help="Write a line here for every request received.")] = None,
) -> None:
    """Serve a teacher that needs no model as an OpenAI-compatible endpoint, with faults on request."""
    from supercorrect.sandbox.echo import echo
    from supercorrect.sandbox.faults import parse_faults
    from supercorrect.sandbox.inspector import inspect
    from supercorrect.sandbox.mistakes import parse_mistakes
    from supercorrect.sandbox.server import MockOptions, Reply, create_app, serve_app
    from supercorrect.sandbox.teacher import answer

    options = MockOptions(
        model=model,
        latency_seconds=latency_seconds,
        requests_per_minute=requests_per_minute,
        faults=parse_faults(faults),
        ledger_path=ledger,
        remembered_rows=0,  # served for hours, it would grow without end
    )
    Reporter().say(f"{answers.value} at http://{host}:{port}/v1, model {model!r}; Ctrl-C stops it")
    made = parse_mistakes(mistakes)
    replies: dict[MockAnswers, Reply] = {
        MockAnswers.oracle: partial(answer, key_policy=key_policy.value, mistakes=made),
        MockAnswers.inspector: partial(inspect, mistakes=made),
        MockAnswers.echo: echo,
    }
    serve_app(create_app(replies[answers], options), host, port)
