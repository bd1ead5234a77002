"""The commands that ask who finds the first wrong step: eval-localisation and eval-teacher."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supercorrect import terminal
from supercorrect.cli.application import AsJson, Overrides, RecipePath, app, load
from supercorrect.progress import Reporter

if TYPE_CHECKING:
    from supercorrect.store import RequestStore

REVIEW_TOKENS, TRACE_TOKENS = 512, 4096

DataFiles = Annotated[
    list[Path], typer.Option("--data", help="A step-labelled set: jsonl, json or parquet; repeatable.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Take so many solutions of each set.")]
Output = Annotated[Path | None, typer.Option(help="Folder of results and stored answers; default runs/<command>/….")]


@app.command("eval-localisation")
def eval_localisation(
    model: Annotated[
        str,
        typer.Argument(help="A model folder or hub id; a model's name at --base-url; or a YAML file with an endpoint."),
    ],
    data: DataFiles,
    base_url: Annotated[str | None, typer.Option(help="Ask MODEL behind this OpenAI-compatible URL.")] = None,
    api_key_env: Annotated[str, typer.Option(help="Variable with the key for --base-url; '' for none.")] = (
        "OPENAI_API_KEY"
    ),
    template: Annotated[str, typer.Option(help="The prompt: a shipped name or a file of yours.")] = "correction",
    solving_template: Annotated[
        str, typer.Option(help="The prompt under which a local model goes on from its corrected step.")
    ] = "hierarchical",
    temperature: Annotated[float, typer.Option(min=0, help="0 is greedy; a YAML file has its own.")] = 0.0,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(min=1, help=f"Longest reply: {TRACE_TOKENS}, or {REVIEW_TOKENS} a step for a local model."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Prompts sampled together by a local model.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of a local model's sampling.")] = 0,
    judge: Annotated[
        Path | None, typer.Option(help="A YAML file with an endpoint that decides what grading cannot.")
    ] = None,
    max_cost_usd: Annotated[
        float | None, typer.Option(min=0, help="Stop before more is spent, with what the output has cost.")
    ] = None,
    limit: Limit = None,
    output: Output = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write the items as parquet, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure whether a critic finds the first wrong step of real solutions, and puts it right.

    Reads ProcessBench, Mr-Ben, MR-GSM8K, BIG-Bench-Mistake and verify-then-generate as they are published. Started
    again with the same output, it asks for nothing that it has.
    """
    from supercorrect.budget import Budget
    from supercorrect.config import EndpointConfig, SamplingConfig, StudentConfig, load_endpoint
    from supercorrect.localisation.critics import Critic, EndpointCritic, StudentCritic
    from supercorrect.localisation.evaluation import evaluate_critic, judge_through, write_items_parquet
    from supercorrect.localisation.loading import load_labelled_sets
    from supercorrect.models.engines import open_student
    from supercorrect.store import require_pyarrow

    if parquet:
        require_pyarrow()
    sets = load_labelled_sets(data, limit)
    reporter = Reporter()
    folder = output or _default_output("eval-localisation", model)
    endpoint: EndpointConfig | None = None
    if base_url is not None:
        sampling = SamplingConfig(temperature=temperature, max_new_tokens=max_new_tokens or TRACE_TOKENS)
        endpoint = EndpointConfig(model=model, base_url=base_url, api_key_env=api_key_env or None, sampling=sampling)
    elif model.endswith((".yaml", ".yml")):
        endpoint = load_endpoint(model)
    with _opened(folder) as store, ExitStack() as opened:
        budget = Budget(max_cost_usd, store.spent_usd())
        critic: Critic
        if endpoint is not None:
            critic = EndpointCritic(endpoint, template, store, budget, reporter)
        else:
            sampling = SamplingConfig(temperature=temperature, max_new_tokens=max_new_tokens or REVIEW_TOKENS)
            config = StudentConfig(model=model, batch_size=batch_size)
            student = opened.enter_context(closing(open_student(model, config)))
            critic = StudentCritic(student, config, template, solving_template, sampling, seed, store, reporter)
        judging = judge_through(load_endpoint(judge), store, budget, reporter) if judge else None
        result = evaluate_critic(critic, sets, folder, judging)
    if parquet:
        write_items_parquet(folder)
    print(json.dumps(result, indent=2)) if as_json else terminal.print_localisation(result)
    reporter.say(f"items, figures and settings: {folder}")


@app.command("eval-teacher")
def eval_teacher(
    recipe: RecipePath,
    overrides: Overrides = None,
    *,
    data: DataFiles,
    limit: Limit = None,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """Measure a recipe's teachers and inspector against people's corrections (Table 5).

    The teachers correct the wrong solutions of step-labelled sets as they would in a run: with the reference solution,
    remarks, rounds and cascade. Shown are their first replies, what is accepted without the inspector, and
    what is accepted with it. Only sets with reference answers serve: Mr-Ben, verify-then-generate, MR-GSM8K,
    BIG-Bench-Mistake.
    """
    from supercorrect.localisation.loading import load_labelled_sets
    from supercorrect.localisation.teaching import evaluate_teacher

    loaded = load(recipe, overrides, None)
    sets = load_labelled_sets(data, limit)
    reporter = Reporter()
    folder = output or _default_output("eval-teacher", loaded.name)
    with _opened(folder) as store:
        result = evaluate_teacher(loaded, sets, folder, store, reporter)
    print(json.dumps(result, indent=2)) if as_json else terminal.print_teacher_quality(result)
    reporter.say(f"items, figures and settings: {folder}")


def _default_output(command: str, name: str) -> Path:
    return Path("runs") / command / re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")


@contextmanager
def _opened(folder: Path) -> Iterator[RequestStore]:
    """The store in a folder that no other process works in."""
    from supercorrect.store import RequestStore, RunLock

    with RunLock(folder), RequestStore(folder / "store.sqlite") as store:
        yield store
