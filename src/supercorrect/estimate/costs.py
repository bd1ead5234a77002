"""Requests, tokens and dollars of a recipe's teacher stages, each with its basis. The teacher is never contacted."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from supercorrect.arms import control_arms
from supercorrect.config import BatchConfig, EndpointConfig, PriceConfig, Recipe
from supercorrect.estimate.figures import Figure
from supercorrect.estimate.tokens import Answered, characters_per_token, input_tokens, output_tokens
from supercorrect.estimate.workload import Workload, build_workloads
from supercorrect.models.price import find_price, times
from supercorrect.run_folder import RunFolder
from supercorrect.store import RequestStore, request_key

_COUNTED = {
    None: "one for each HSFT problem",
    "calls": "as many as corrections were asked for",
    "tokens": "for as many tokens as the corrections have",
}


@dataclass(frozen=True)
class StageEstimate:
    """What one stage will ask, beyond what the store holds.

    Attributes:
        stored: Requests that are answered already; they cost nothing more and are in none of the figures.
        usd: One by one. None: the price is unknown.
        usd_in_batches: In batches. None: the price is unknown.
    """

    stage: str
    requests: Figure
    stored: int
    input_tokens: Figure
    output_tokens: Figure
    usd: Figure | None
    usd_in_batches: Figure | None


@dataclass(frozen=True)
class Estimate:
    """A recipe's estimate.

    Attributes:
        price: Of single requests. None: unknown.
        usd: The sum over the stages. None: the price is unknown.
        left_out: What the recipe may ask besides, and no figure has in it: how often is known only when it happens.
    """

    model: str
    price: PriceConfig | None
    price_basis: str
    batch_price_factor: float
    stages: tuple[StageEstimate, ...]
    usd: Figure | None
    usd_in_batches: Figure | None
    left_out: tuple[str, ...]


def estimate_recipe(recipe: Recipe) -> Estimate:
    """Estimate what a recipe still has to pay its teacher.

    Responses of its run folder make it better: a run of a few problems first makes a good estimate for many.

    Raises:
        InputError: A problem set cannot be read.
        ConfigError: A template or a function that makes problems is not there.
    """
    folder = RunFolder(recipe.run_folder)
    workloads = build_workloads(recipe, folder)
    answered = _read_answered(recipe, folder, workloads)
    price, basis = find_price(recipe.teacher)
    factor = (recipe.teacher.batch or BatchConfig()).price_factor
    in_batches = None if price is None else times(price, factor)
    per_token = characters_per_token([pair for pairs in answered for pair in pairs])
    stages = tuple(
        _estimate(workload, pairs, per_token, recipe.teacher, price, in_batches)
        for workload, pairs in zip(workloads, answered, strict=True)
    )
    return Estimate(
        recipe.teacher.model,
        price,
        basis,
        factor,
        stages,
        _sum([stage.usd for stage in stages]),
        _sum([stage.usd_in_batches for stage in stages]),
        tuple(_left_out(recipe)),
    )


def _left_out(recipe: Recipe) -> Iterator[str]:
    if recipe.max_rounds > 1:
        yield f"asking again for what is refused, up to {recipe.max_rounds - 1} times"
    if recipe.inspector is not None:
        yield f"the inspector {recipe.inspector.model}, once for each answer that passes the other checks"
    if recipe.judge is not None:
        yield f"the judge {recipe.judge.model}, once for each answer of a student that grading cannot decide"
    if recipe.agreement > 1:
        yield f"the agreement of {recipe.agreement}: every teacher of the cascade is asked about every error"
    elif recipe.cascade:
        yield f"further teachers ({', '.join(t.model for t in recipe.cascade)}), for what the first could not do"
    for control in control_arms(recipe).values():
        who = control.teacher.model if control.teacher else "the teachers"
        yield f"the control {control.name}: fresh thoughts of {who}, {_COUNTED[control.fresh]}"


def _read_answered(recipe: Recipe, folder: RunFolder, workloads: Sequence[Workload]) -> list[list[Answered]]:
    """The prompts of each workload that the run's store has a response to."""
    path = folder.root / "store.sqlite"
    if not path.is_file():
        return [[] for _ in workloads]
    teacher = recipe.teacher
    with RequestStore(path) as store:
        answered = []
        for workload in workloads:
            keys = {request_key(teacher.model, (("user", text),), teacher.sampling): text for text in workload.prompts}
            answered.append([(keys[key], response) for key, response in store.get_many(list(keys)).items()])
    return answered


def _estimate(
    workload: Workload,
    answered: Sequence[Answered],
    per_token: Figure,
    teacher: EndpointConfig,
    price: PriceConfig | None,
    in_batches: PriceConfig | None,
) -> StageEstimate:
    stored = len(answered)
    requests = workload.requests.less(stored)
    known = {prompt for prompt, _ in answered}
    open_prompts = [prompt for prompt in workload.prompts if prompt not in known] or workload.prompts
    attempts = statistics.fmean(response.attempts for _, response in answered) if answered else 1.0
    limit = teacher.sampling.max_new_tokens
    input_each = input_tokens(open_prompts, per_token, attempts)
    output_each = output_tokens(answered, workload.references, per_token, limit)
    input_all, output_all = input_each.times(requests), output_each.times(requests)
    usd = _cost(input_all, output_all, price)
    return StageEstimate(
        workload.stage, requests, stored, input_all, output_all, usd, _cost(input_all, output_all, in_batches)
    )


def _cost(input_all: Figure, output_all: Figure, price: PriceConfig | None) -> Figure | None:
    if price is None:
        return None
    per_input, per_output = price.input_usd_per_million_tokens / 1e6, price.output_usd_per_million_tokens / 1e6
    basis = "tokens at the price"
    return input_all.times(Figure.exact(per_input, basis)).plus(output_all.times(Figure.exact(per_output, basis)))


def _sum(figures: Sequence[Figure | None]) -> Figure | None:
    total = Figure.exact(0.0, "the sum of the stages")
    for figure in figures:
        if figure is None:
            return None
        total = total.plus(figure)
    return total
