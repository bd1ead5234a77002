"""The command line: parses, calls, prints. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from supercorrect import terminal
from supercorrect.config import SPLITS, Recipe, load_recipe
from supercorrect.errors import InputError, SuperCorrectError
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder

app = typer.Typer(
    name="supercorrect",
    help="Teach a small model from its own mistakes: HSFT and Cross-DPO (arXiv 2410.09008), from problems to report.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PROCESS_DEFAULTS = {
    "OMP_WAIT_POLICY": "passive",  # waiting threads that spin make a busy machine ten times slower
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

RecipePath = Annotated[Path, typer.Argument(help="The recipe: one YAML file is one experiment.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(help="Dotted overrides, such as hsft.num_epochs=2 teacher.model=gpt-4o-mini.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class FormatKind(StrEnum):
    """What `parse` reads."""

    thought = "thought"
    correction = "correction"


class KeyPolicy(StrEnum):
    """When the oracle's demonstrations have a key."""

    size = "size"
    always = "always"


class PromptStyle(StrEnum):
    """The prompt that a student is asked with."""

    hierarchical = "hierarchical"
    plain = "plain"


class _StopSignalError(BaseException):
    """SIGINT or SIGTERM; not an Exception, so that no library takes it for a failure of its own."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number


@app.command()
def run(
    recipe: RecipePath,
    overrides: Overrides = None,
    until: Annotated[str | None, typer.Option(help="The last stage to run.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="Run again from this stage on.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and why; run nothing.")] = False,
    output_dir: Annotated[Path | None, typer.Option(help="The run's folder; default runs/<name>.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train in spite of faults in the pairs; it is recorded.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a recipe. Started again, it skips what is up to date and goes on where it was killed."""
    from supercorrect.pipeline import Pipeline

    loaded = _load(recipe, overrides, output_dir)
    pipeline = Pipeline(loaded, Reporter())
    if dry_run:
        plan = pipeline.plan(pipeline.folder.read_manifest(), first)
        print(json.dumps(plan, indent=2)) if as_json else terminal.print_plan(plan)
        return
    pipeline.run(until=until, first=first, force=force)
    report = pipeline.folder.root / "report.md"
    if until is not None or not report.exists():
        return
    print((pipeline.folder.root / "metrics.json").read_text() if as_json else terminal.read_table(report))
    Reporter().say(f"report: {report.with_suffix('.html')}")


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="A run's folder.")], as_json: AsJson = False) -> None:
    """Show each stage of a run: state, counts in, kept and rejected, time and cost."""
    from supercorrect.pipeline import Pipeline

    saved = folder / "recipe.yaml"
    if not saved.is_file():
        raise InputError(f"not a run folder: expected {saved}; name the folder that `supercorrect run` wrote")
    pipeline = Pipeline(load_recipe(saved).model_copy(update={"output_dir": str(folder)}), Reporter())
    manifest = RunFolder(folder).read_manifest()
    plan = pipeline.plan(manifest)
    if as_json:
        stages = {
            name: {"state": state}
            | (
                manifest.stages[name].model_dump(mode="json", by_alias=True, exclude={"outputs"})
                if name in manifest.stages
                else {}
            )
            for name, state in plan.items()
        }
        print(json.dumps({"recipe": manifest.recipe_name, "stages": stages}, indent=2))
    else:
        terminal.print_status(plan, manifest)


@app.command()
def validate(recipe: RecipePath, overrides: Overrides = None) -> None:
    """Check a recipe without running it: keys, values, prompts, problem sets, the student's folder."""
    from supercorrect.models.transformers_student import resolve_model_path
    from supercorrect.problems import EVALUATION, load_problems
    from supercorrect.stage_order import build_stages

    loaded = _load(recipe, overrides, None)
    stages = build_stages(loaded)
    for split in SPLITS:
        load_problems(loaded.problems.sets_of(split), split=split, seed=loaded.seed)
    load_problems(loaded.problems.decontaminate_against, split=EVALUATION, seed=loaded.seed)
    student = Path(resolve_model_path(loaded.student.model))
    if student.is_absolute() and not (student / "config.json").is_file():
        raise InputError(f"student.model: expected a model folder with config.json, got {student}")
    print(f"{recipe}: valid; {len(stages)} stages into {loaded.run_folder}")


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


@app.command("eval")
def evaluate(
    model: Annotated[str, typer.Argument(help="A model folder or hub id.")],
    problems: Annotated[Path, typer.Option(help="jsonl: {problem, reference_solution, reference_answer}.")],
    prompt: Annotated[PromptStyle, typer.Option(help="The prompt, by style.")] = PromptStyle.hierarchical,
    template: Annotated[str | None, typer.Option(help="A prompt template of your own instead.")] = None,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 0.0,
    max_new_tokens: Annotated[int, typer.Option(help="Longest completion, in tokens.")] = 1024,
    batch_size: Annotated[int, typer.Option(help="Prompts sampled together.")] = 64,
    seed: Annotated[int, typer.Option(help="Of sampling.")] = 0,
    output: Annotated[Path | None, typer.Option(help="Write each completion and verdict here, as jsonl.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model's accuracy on a problem set, with its 95 % Wilson interval."""
    from supercorrect.single_evaluation import evaluate_model

    result = evaluate_model(
        model,
        problems,
        template=template or prompt.value,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        seed=seed,
        output=output,
        reporter=Reporter(),
    )
    print(json.dumps(result, indent=2) if as_json else terminal.describe_accuracy(result))


@app.command()
def solve(
    problem: Annotated[str, typer.Argument(help="The problem.")],
    model: Annotated[str, typer.Option(help="A model folder or hub id.")],
    template: Annotated[str, typer.Option(help="Prompt: a style's name or a template file.")] = "hierarchical",
    max_new_tokens: Annotated[int, typer.Option(help="Longest solution, in tokens.")] = 1024,
) -> None:
    """Solve one problem with a student and show its thought."""
    from supercorrect.single_evaluation import solve_one

    print(terminal.plain_text(solve_one(problem, model, template=template, max_new_tokens=max_new_tokens)))


@app.command("mock-teacher")
def mock_teacher(
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8710,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    model: Annotated[str, typer.Option(help="The model name to answer under.")] = "oracle",
    key_policy: Annotated[KeyPolicy, typer.Option(help="When demonstrations have a key.")] = KeyPolicy.size,
    latency_seconds: Annotated[float, typer.Option(help="Wait before each answer.")] = 0.0,
    requests_per_minute: Annotated[float | None, typer.Option(help="Answer 429 above this rate.")] = None,
    faults: Annotated[str, typer.Option(help="Shares of faults, such as rate_limited=0.2,server_error=0.05.")] = "",
    ledger: Annotated[Path | None, typer.Option(help="Write a line here for every request received.")] = None,
) -> None:
    """Serve the sandbox's oracle as an OpenAI-compatible endpoint, with faults on request."""
    from supercorrect.sandbox.faults import parse_faults
    from supercorrect.sandbox.server import MockOptions, create_app, serve_app
    from supercorrect.sandbox.teacher import answer

    options = MockOptions(
        model=model,
        latency_seconds=latency_seconds,
        requests_per_minute=requests_per_minute,
        faults=parse_faults(faults),
        ledger_path=ledger,
    )
    Reporter().say(f"oracle at http://{host}:{port}/v1, model {model!r}; Ctrl-C stops it")
    serve_app(create_app(lambda messages: answer(messages, key_policy.value), options), host, port)


def _load(path: Path, overrides: list[str] | None, output_dir: Path | None) -> Recipe:
    recipe = load_recipe(path, tuple(overrides or ()))
    return recipe if output_dir is None else recipe.model_copy(update={"output_dir": str(output_dir)})


def main() -> NoReturn:
    """Entry point: every error of ours becomes one message and its exit code."""
    for name, value in PROCESS_DEFAULTS.items():
        os.environ.setdefault(name, value)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _on_signal)
    try:
        app()
    except SuperCorrectError as error:
        _fail(str(error), error.exit_code)
    except _StopSignalError as stop:
        _fail(f"interrupted; what is finished is kept. Go on with: {_resuming(sys.argv[1:])}", 128 + stop.signal_number)
    except Exception as error:
        if not _is_storage_failure(error):
            raise
        _fail(f"cannot write: {error}; free some space and run again, all that is committed stays", 74)
    sys.exit(0)


def _resuming(arguments: list[str]) -> str:
    """The command that goes on from here: the same one, without the `--from` that would begin again."""
    kept = [a for i, a in enumerate(arguments) if not a.startswith("--from") and arguments[max(i - 1, 0)] != "--from"]
    return shlex.join(["supercorrect", *kept])


def _is_storage_failure(error: BaseException) -> bool:
    """Whether the disk is behind an error; libraries written in other languages say so in their text alone."""
    words = ("No space left", "File too large", "Disk quota", "os error 28", "os error 27", "PytorchStreamWriter")
    return isinstance(error, OSError) or any(word in str(error) for word in words)


def _on_signal(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # the second one ends the process at once
    raise _StopSignalError(number)


def _fail(message: str, exit_code: int) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"error: {terminal.plain_text(message)}", markup=False, soft_wrap=True)
    sys.exit(exit_code)
