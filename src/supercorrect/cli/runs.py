"""The commands around a recipe and its run: run, status, validate, estimate, export, view."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from getpass import getuser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supercorrect import terminal
from supercorrect.cli.application import AsJson, Overrides, RecipePath, app, load
from supercorrect.errors import ConfigError, InputError
from supercorrect.progress import Reporter

if TYPE_CHECKING:
    from supercorrect.cluster import Cluster
    from supercorrect.config import Recipe


@app.command()
def run(
    recipe: RecipePath,
    overrides: Overrides = None,
    until: Annotated[str | None, typer.Option(help="The last stage to run.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="Run again from this stage on.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run, why, and what it takes; run nothing.")
    ] = False,
    output_dir: Annotated[Path | None, typer.Option(help="The run's folder; default runs/<name>.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train in spite of faults in the pairs; it is recorded.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(help="Work on a Ray cluster: `local` starts one here, `auto` joins this machine's, or host:port."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a recipe. Started again, it skips what is up to date and goes on where it was killed."""
    from supercorrect.pipeline import Pipeline

    loaded = load(recipe, overrides, output_dir)
    pipeline = Pipeline(loaded, Reporter())
    if dry_run:
        _show_plan(loaded, pipeline.plan(pipeline.folder.read_manifest(), first), as_json=as_json)
        return
    with _cluster(ray, loaded) as pipeline.cluster:
        pipeline.run(until=until, first=first, force=force)
    if until is not None:
        return
    if loaded.tables:
        _print_tables(loaded, as_json=as_json)
        return
    report = pipeline.folder.root / "report.md"
    print((pipeline.folder.root / "metrics.json").read_text() if as_json else terminal.read_table(report))
    Reporter().say(f"report: {report.with_suffix('.html')}")


def _show_plan(recipe: Recipe, states: dict[str, str], *, as_json: bool) -> None:
    """What would run, and what it would take.

    Raises:
        ConfigError: A training cannot fit; the message names what does.
    """
    from supercorrect.plan import make_plan

    plan = make_plan(recipe, states)
    print(json.dumps(asdict(plan), indent=2, default=dict)) if as_json else terminal.print_plan(plan)
    if plan.refusals:
        raise ConfigError("the plan does not fit:\n" + "\n".join(plan.refusals))


def _cluster(address: str | None, recipe: Recipe) -> AbstractContextManager[Cluster | None]:
    """Where the run's work is done; None: in this process."""
    if address is None:
        return nullcontext()
    if find_spec("ray") is None:
        raise ConfigError('--ray needs Ray, which is not installed; `pip install "supercorrect[ray]"`')
    from supercorrect.scale.cluster import open_cluster

    return open_cluster(address, recipe.run_folder, recipe.threads, Reporter().say)


def _print_tables(recipe: Recipe, *, as_json: bool) -> None:
    """What a recipe with `tables` ends with."""
    from supercorrect.paper.building import table_path
    from supercorrect.run_folder import RunFolder

    paths = [table_path(RunFolder(recipe.run_folder), name) for name in recipe.tables]
    if as_json:
        print(json.dumps([json.loads(path.with_suffix(".json").read_text()) for path in paths], indent=2))
        return
    for path in paths:
        print(path.read_text())
        Reporter().say(f"table: {path}")


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="A run's folder.")], as_json: AsJson = False) -> None:
    """Show each stage of a run: state, counts in, kept and rejected, time and cost."""
    from supercorrect.pipeline import Pipeline
    from supercorrect.run_folder import RunFolder

    pipeline = Pipeline(_saved_recipe(folder), Reporter())
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
    from supercorrect.models.weights import resolve_model_path
    from supercorrect.problems import prepare_problems
    from supercorrect.stage_order import build_stages

    loaded = load(recipe, overrides, None)
    stages = build_stages(loaded)
    prepare_problems(loaded.problems, seed=loaded.seed)
    student = Path(resolve_model_path(loaded.student.model))
    if student.is_absolute() and not (student / "config.json").is_file():
        raise InputError(f"student.model: expected a model folder with config.json, got {student}")
    print(f"{recipe}: valid; {len(stages)} stages into {loaded.run_folder}")


@app.command()
def estimate(
    recipe: RecipePath,
    overrides: Overrides = None,
    output_dir: Annotated[Path | None, typer.Option(help="The run's folder; what it holds makes it exact.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the teacher will cost: requests, tokens, dollars, and what each figure rests on. Asks nobody."""
    from supercorrect.estimate import estimate_recipe

    estimated = estimate_recipe(load(recipe, overrides, output_dir))
    print(json.dumps(asdict(estimated), indent=2, default=dict)) if as_json else terminal.print_estimate(estimated)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A run's folder.")],
    output: Annotated[Path, typer.Option(help="The folder to write to.")],
    model: Annotated[
        str | None,
        typer.Option(help="Export this student, such as cross_dpo, instead of the training sets.", show_default=False),
    ] = None,
    gguf: Annotated[
        bool, typer.Option("--gguf", help="Also convert the model for llama.cpp, whose converter you have installed.")
    ] = False,
    argilla: Annotated[
        bool, typer.Option("--argilla", help="Also write argilla.jsonl: the corrections, for a team to review.")
    ] = False,
    push_to_hub: Annotated[
        str | None,
        typer.Option(help="Upload it as owner/name: a data set, or with --model a model.", show_default=False),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Create it public; a new one is private.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a run's training sets as parquet, or with --model a trained student; either with its card.

    The card says where everything came from: teachers, counts, decontamination, licences, cost; a model's also how it
    did, how to ask it and what it is for.
    """
    from supercorrect.export import push_export

    if (gguf and model is None) or (argilla and model is not None):
        raise ConfigError("--gguf goes with --model, and --argilla without it")
    recipe = _saved_recipe(folder)
    if model is None:
        _export_sets(recipe, folder, output, argilla=argilla, as_json=as_json)
    else:
        _export_student(recipe, folder, model, output, gguf=gguf, as_json=as_json)
    if push_to_hub:
        address = push_export(output, push_to_hub, "dataset" if model is None else "model", private=not public)
        Reporter().say(f"uploaded: {address}")


def _export_sets(recipe: Recipe, folder: Path, output: Path, *, argilla: bool, as_json: bool) -> None:
    from supercorrect.export import export_argilla, export_run
    from supercorrect.run_folder import RunFolder

    rows = export_run(recipe, RunFolder(folder), output)
    if argilla:
        rows["argilla"] = export_argilla(recipe, RunFolder(folder), output)
    print(json.dumps(rows)) if as_json else Reporter().say(f"{output}: {terminal.describe_counts(rows)}")


def _export_student(recipe: Recipe, folder: Path, arm: str, output: Path, *, gguf: bool, as_json: bool) -> None:
    from supercorrect.export import convert_to_gguf, export_model
    from supercorrect.run_folder import RunFolder

    files = export_model(recipe, RunFolder(folder), arm, output)
    if gguf:
        files.append(convert_to_gguf(output, f"{recipe.name}-{arm}").name)
    print(json.dumps({"files": files})) if as_json else Reporter().say(f"{output}: {', '.join(files)}")


@app.command()
def view(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs, finished or going on.", show_default=False)],
    port: Annotated[int, typer.Option(help="The port of 127.0.0.1 to serve at; 0 takes a free one.")] = 8711,
    review: Annotated[bool, typer.Option("--review", help="Accept, reject and edit corrections.")] = False,
    reviewer: Annotated[str | None, typer.Option(help="Whose decisions they are; default: your user name.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
) -> None:
    """Look into runs: search and filter, follow one problem from error to pair, compare students, review corrections.

    Nothing is written but, with --review, decisions; the next `supercorrect run` makes its pairs by them.
    """
    from supercorrect.viewer import view as serve

    name = (reviewer or getuser()) if review else None
    serve(folders, port=port, reviewer=name, browser=browser, reporter=Reporter())


def _saved_recipe(folder: Path) -> Recipe:
    """The recipe that a run was last started with."""
    from supercorrect.config import load_recipe

    saved = folder / "recipe.yaml"
    if not saved.is_file():
        raise InputError(f"not a run folder: expected {saved}; name the folder that `supercorrect run` wrote")
    return load_recipe(saved).model_copy(update={"output_dir": str(folder)})
