"""The commands that put a student to work: solve and serve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from supercorrect.cli.application import app
from supercorrect.cli.scoring import Dtype, Engine
from supercorrect.errors import ConfigError, ItemsFailedError
from supercorrect.progress import Reporter

if TYPE_CHECKING:  # loading these takes a second, which `supercorrect --help` does not have
    from supercorrect.grading import Grader
    from supercorrect.serving.solving import Asked
    from supercorrect.serving.writing import OpenStudent

LOOPBACK = "127.0.0.1"
ModelPath = Annotated[str, typer.Option("--model", help="A model folder or hub id.", show_default=False)]
Template = Annotated[
    str | None,
    typer.Option(
        help="Prompt of a problem: a style's name or a template file.  [default: the model's own, else hierarchical]",
        show_default=False,
    ),
]
CorrectionTemplate = Annotated[
    str | None,
    typer.Option(help="Prompt of a review.  [default: the model's own, else correction]", show_default=False),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Solutions that are written together.")]
EngineOption = Annotated[Engine, typer.Option(help="What runs the model.")]
DtypeOption = Annotated[Dtype, typer.Option(help="The numbers that the model is run in.")]
Upstream = Annotated[
    str | None,
    typer.Option(
        help="The /v1 URL of a server that runs the model instead; --model then names its tokenizer's folder."
    ),
]
UpstreamModel = Annotated[str | None, typer.Option(help="The server's name for the model.  [default: MODEL]")]
UpstreamKeyEnv = Annotated[str | None, typer.Option(help="Environment variable with the server's key.")]


@app.command()
def solve(
    model: ModelPath,
    problem: Annotated[str | None, typer.Argument(help="The problem.", show_default=False)] = None,
    source: Annotated[
        str | None,
        typer.Option("--input", help="A file of problems instead, jsonl or one a line; - reads standard input."),
    ] = None,
    self_correct: Annotated[
        bool, typer.Option("--self-correct", help="Let the student review its steps, and mend the first wrong one.")
    ] = False,
    votes: Annotated[int, typer.Option(min=1, max=1024, help="Solutions that vote on the answer.")] = 1,
    temperature: Annotated[
        float | None,
        typer.Option(min=0, help="0 is greedy.  [default: 0; with --votes the model's own]", show_default=False),
    ] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Longest solution, in tokens.  [default: the model's own]", show_default=False),
    ] = None,
    template: Template = None,
    correction_template: CorrectionTemplate = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    engine: EngineOption = Engine.transformers,
    upstream: Upstream = None,
    upstream_model: UpstreamModel = None,
    upstream_key_env: UpstreamKeyEnv = None,
    batch_size: BatchSize = 64,
    dtype: DtypeOption = Dtype.float32,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line a problem.")] = False,
) -> None:
    """Solve problems with a student, and show its thoughts: steps, keys, what it corrected, the answer."""
    from supercorrect.config import SamplingConfig
    from supercorrect.grading import Grader
    from supercorrect.serving.modes import Mode
    from supercorrect.serving.opening import Changes, Server, open_for_solving, student_config
    from supercorrect.serving.problem_lines import read_problem_lines
    from supercorrect.serving.solving import Asked, can_solve

    if (problem is None) == (source is None):
        raise ConfigError("expected a problem, or --input with a file of problems (- for standard input), not both")
    if votes > 1 and temperature == 0:
        raise ConfigError(f"--votes {votes}: expected a --temperature above 0: greedy solutions are all the same")
    config = student_config(
        model,
        engine=engine.value,
        batch_size=batch_size,
        dtype=dtype.value,
        upstream=Server(upstream, upstream_model, upstream_key_env) if upstream else None,
    )
    changes = Changes(template, correction_template, max_new_tokens)
    with open_for_solving(config, changes) as student, Grader() as grader:
        drawn = student.profile.temperature if votes > 1 else 0.0
        sampling = SamplingConfig(
            temperature=drawn if temperature is None else temperature, max_new_tokens=student.profile.max_new_tokens
        )
        mode = Mode(self_correct, votes)
        if not can_solve(mode, student.profile):
            raise ConfigError(
                f"--self-correct: expected a student that can review, got {student.profile.arm!r}, which was never "
                "taught to; --correction-template says how it is to be asked all the same"
            )
        problems = read_problem_lines(source) if source is not None else iter([problem or ""])
        asked = (Asked(text, mode, sampling, seed, samples=votes) for text in problems)
        _solve_all(asked, student, grader, as_json=as_json, several=source is not None)


def _solve_all(asked: Iterator[Asked], student: OpenStudent, grader: Grader, *, as_json: bool, several: bool) -> None:
    """Solve and print; a single solution is shown in a terminal while it is written.

    Raises:
        ItemsFailedError: Some of several problems could not be asked; all others have been.
    """
    from supercorrect.serving.many import Unsolved, solve_in_order
    from supercorrect.serving.showing import SolutionPrinter
    from supercorrect.serving.solving import describe, solve

    printer = SolutionPrinter(Console(highlight=False))
    if printer.is_terminal and not (as_json or several):
        for one in asked:
            with printer.following(one) as on_text:
                solved = solve(one, student.writer(), grader, on_text)
            printer.finish(solved, heading=False)
        return
    unsolved = 0
    for outcome in solve_in_order(asked, student, grader, student.batcher.student.batch_size):
        unsolved += isinstance(outcome, Unsolved)
        if as_json:
            row = (
                {"problem": outcome.problem, "error": outcome.reason}
                if isinstance(outcome, Unsolved)
                else describe(outcome)
            )
            print(json.dumps(row, ensure_ascii=False), flush=True)
        elif isinstance(outcome, Unsolved):
            printer.refuse(outcome)
        else:
            printer.finish(outcome, heading=several)
    if unsolved:
        raise ItemsFailedError(f"{unsolved} problems could not be asked; why stands beside each")


@app.command()
def serve(
    model: ModelPath,
    host: Annotated[str, typer.Option(help="The address to listen on; beyond this machine, ask for a key.")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8713,
    name: Annotated[str, typer.Option(help="The plain model's name; +correct and +voteN are added to it.")] = "student",
    api_key_env: Annotated[
        str | None, typer.Option(help="Environment variable with the key that clients have to show.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A web page's origin that may ask from a browser; once for each.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, help="Requests worked on at the same time.")] = 64,
    waiting: Annotated[int, typer.Option(min=0, help="Requests that may wait for those; more get 429.")] = 64,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Longest solution that can be had.  [default: the model's own]", show_default=False),
    ] = None,
    template: Template = None,
    correction_template: CorrectionTemplate = None,
    engine: EngineOption = Engine.transformers,
    upstream: Upstream = None,
    upstream_model: UpstreamModel = None,
    upstream_key_env: UpstreamKeyEnv = None,
    batch_size: BatchSize = 64,
    dtype: DtypeOption = Dtype.float32,
) -> None:
    """Serve a student as an OpenAI-compatible endpoint: plain, correcting itself, voting, by the model's name.

    SIGTERM or Ctrl-C: what has begun is finished, nothing new is taken on, exit code 0.
    """
    from supercorrect.serving.limits import Limits
    from supercorrect.serving.opening import Changes, Server, open_for_solving, student_config
    from supercorrect.serving.running import Address, serve_student

    limits = Limits(concurrency=concurrency, waiting=waiting, new_tokens=max_new_tokens)
    address = Address(host, port, api_key_env, tuple(allow_origin or ()))
    config = student_config(
        model,
        engine=engine.value,
        batch_size=batch_size,
        dtype=dtype.value,
        upstream=Server(upstream, upstream_model, upstream_key_env) if upstream else None,
    )
    with open_for_solving(config, Changes(template, correction_template, max_new_tokens)) as student:
        serve_student(student, name, limits, address, Reporter())
