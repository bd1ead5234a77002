"""The command that measures models: eval."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from supercorrect.cli.application import AsJson, app
from supercorrect.errors import ConfigError
from supercorrect.progress import Reporter


class Review(StrEnum):
    """How a student that runs here corrects itself."""

    steps = "steps"
    trace = "trace"


class Engine(StrEnum):
    """What runs a local model."""

    transformers = "transformers"
    vllm = "vllm"


class Dtype(StrEnum):
    """The numbers that a local model is run in."""

    float32 = "float32"
    bfloat16 = "bfloat16"


@app.command("eval")
def evaluate(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Model folders, hub ids (owner/name@revision), or endpoints as name@https://host/v1. Two or more are "
            "compared problem by problem.",
            show_default=False,
        ),
    ] = None,
    problems: Annotated[
        str | None, typer.Option(help="jsonl, json or parquet in any known layout, or a maker as module:function.")
    ] = None,
    completions: Annotated[
        Path | None, typer.Option(help="Measure stored solutions instead: no model is asked. See docs/evaluation.md.")
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(
            "--prompt",
            "--template",
            help="hierarchical, plain, few_shot, or a template file of your own; once for all models, or once for each "
            "in their order.  [default: each model's own, else hierarchical]",
            show_default=False,
        ),
    ] = None,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option(help="Share of the probability that is drawn from.")] = 1.0,
    max_new_tokens: Annotated[int, typer.Option(help="Longest completion, in tokens.")] = 1024,
    samples: Annotated[int, typer.Option("--samples", "-n", help="Solutions a problem: pass@k, maj@k, stability.")] = 1,
    self_correct: Annotated[int, typer.Option(help="Passes of self-correction.")] = 0,
    review: Annotated[
        Review, typer.Option(help="Local models correct themselves step by step, or in one whole trace.")
    ] = Review.steps,
    correction_prompt: Annotated[
        str | None,
        typer.Option(
            help="Template of self-correction.  [default: the models' own, else correction]", show_default=False
        ),
    ] = None,
    reflexion: Annotated[bool, typer.Option("--reflexion", help="Measure Reflexion beside it.")] = False,
    reflection_prompt: Annotated[
        str, typer.Option(help="Template of a reflection; `none` lets a local model review its steps instead.")
    ] = "reflection",
    limit: Annotated[int | None, typer.Option(help="Problems at most; a maker makes as many.")] = None,
    api_key_env: Annotated[
        str | None, typer.Option(help="Environment variable with the endpoints' key; leave it out if they want none.")
    ] = None,
    max_cost_usd: Annotated[
        float | None, typer.Option(help="What endpoints may cost, with what the store has.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Prompts that a local model is sampled with together.")] = 64,
    dtype: Annotated[Dtype, typer.Option(help="Of a local model.")] = Dtype.float32,
    engine: Annotated[Engine, typer.Option(help="What runs a local model.")] = Engine.transformers,
    task: Annotated[str, typer.Option(help="How answers are graded; see `supercorrect grade`.")] = "math",
    seed: Annotated[int, typer.Option(help="Of sampling, and of a maker.")] = 0,
    output: Annotated[Path | None, typer.Option(help="A row a sample, as .jsonl or .parquet.")] = None,
    store: Annotated[
        Path, typer.Option(help="Keeps what models write: the same command goes on, and pays for nothing twice.")
    ] = Path("runs/eval.sqlite"),
    as_json: AsJson = False,
) -> None:
    """Measure models on a problem set: accuracy with intervals, pass@k, maj@k, self-correction, paired comparison.

    Beside every figure stands what it was measured under: decoding, hashes of prompts and model, the grader's version.
    """
    from supercorrect.config import GradingConfig, SamplingConfig
    from supercorrect.evaluation.settings import problem_set, settings_of
    from supercorrect.evaluation.stored import evaluate_stored
    from supercorrect.evaluation.tables import print_evaluation
    from supercorrect.student_profile import common_correction, own_prompts

    grading, reporter = GradingConfig(task=task), Reporter()
    if completions is not None:
        if models or problems:
            raise ConfigError(
                "--completions: expected no model and no --problems beside it; stored solutions have both"
            )
        result = evaluate_stored(completions, grading, output=output, reporter=reporter)
    else:
        from supercorrect.evaluation.evaluating import evaluate_models
        from supercorrect.evaluation.opening import Access

        if not models or problems is None:
            raise ConfigError("expected models and --problems, or --completions with stored solutions")
        settings = settings_of(
            problems=problem_set(problems, limit),
            prompts=tuple(prompt or own_prompts(models)),
            sampling=SamplingConfig(temperature=temperature, top_p=top_p, max_new_tokens=max_new_tokens),
            samples=samples,
            self_correct=self_correct,
            review=review.value,
            correction_prompt=correction_prompt or common_correction(models),
            reflexion=reflexion,
            reflection_prompt=None if reflection_prompt == "none" else reflection_prompt,
            batch_size=batch_size,
            dtype=dtype.value,
            engine=engine.value,
            seed=seed,
            grading=grading,
        )
        access = Access(api_key_env, max_cost_usd)
        result = evaluate_models(models, settings, store_path=store, output=output, reporter=reporter, access=access)
    print(json.dumps(result, indent=2)) if as_json else print_evaluation(result)
