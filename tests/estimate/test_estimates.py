"""An estimate says what it rests on, is right where that is a measurement, and unknown where nobody knows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.config import Recipe
from supercorrect.estimate import Estimate, StageEstimate, estimate_recipe
from supercorrect.estimate.workload import build_workloads
from supercorrect.run_folder import RunFolder
from supercorrect.sandbox.teacher import answer
from supercorrect.store import RequestStore, StoredResponse, request_key

PRICE = "teacher.price={input_usd_per_million_tokens: 2, output_usd_per_million_tokens: 10}"


def charge(prompt: str) -> tuple[int, int]:
    """What the mock teacher charges for a prompt and its own answer to it: words."""
    return len(prompt.split()), len(answer([{"role": "user", "content": prompt}]).split())


def keep_answers(recipe: Recipe, folder: Path, count: int) -> list[str]:
    """Put the answers to the first thoughts into the run's store; returns the prompts that are left."""
    prompts = build_workloads(recipe, RunFolder(folder))[0].prompts
    with RequestStore(folder / "store.sqlite") as store:
        for prompt in prompts[:count]:
            key = request_key(recipe.teacher.model, (("user", prompt),), recipe.teacher.sampling)
            tokens = dict(zip(("input_tokens", "output_tokens"), charge(prompt), strict=True))
            store.put(StoredResponse(key=key, role="teacher", model="oracle", status="ok", text="t", **tokens))
    return list(prompts[count:])


def stage(estimate: Estimate, name: str) -> StageEstimate:
    return next(stage for stage in estimate.stages if stage.stage == name)


def test_before_a_run_everything_but_the_count_is_a_guess_with_a_range(tmp_path: Path) -> None:
    estimate = estimate_recipe(small_recipe(tmp_path / "run", PRICE))
    thoughts, corrections = stage(estimate, "thoughts"), stage(estimate, "corrections")
    assert (thoughts.requests.low, thoughts.requests.high, thoughts.stored) == (48, 48, 0)
    assert thoughts.output_tokens.basis.startswith("guess: 2 times the reference solution")
    assert thoughts.output_tokens.low < thoughts.output_tokens.value < thoughts.output_tokens.high
    assert (corrections.requests.low, corrections.requests.high) == (0, 24)
    assert corrections.requests.basis.startswith("bound: how many of 24 solutions")
    assert estimate.usd is not None and estimate.usd_in_batches is not None
    assert estimate.usd_in_batches.value == pytest.approx(estimate.usd.value / 2)
    tokens = (thoughts.input_tokens.value, thoughts.output_tokens.value)
    assert thoughts.usd is not None and thoughts.usd.value == pytest.approx((2 * tokens[0] + 10 * tokens[1]) / 1e6)


def test_a_few_stored_answers_estimate_the_rest_within_15_percent(tmp_path: Path) -> None:
    """R10, on the mock's known distribution."""
    recipe = small_recipe(tmp_path, "problems.hsft.count=400", PRICE)
    left = keep_answers(recipe, tmp_path, 40)
    thoughts = stage(estimate_recipe(recipe), "thoughts")
    assert (thoughts.stored, thoughts.requests.value) == (40, len(left))
    for figure, true in zip(
        (thoughts.input_tokens, thoughts.output_tokens), map(sum, zip(*map(charge, left), strict=True)), strict=True
    ):
        assert figure.value == pytest.approx(true, rel=0.15)
        assert 0.95 * figure.low <= true <= 1.05 * figure.high
        assert "measured: " in figure.basis


def test_a_run_gives_its_error_rate_and_what_it_has_paid_is_not_estimated_again(small_run: Path, tmp_path) -> None:
    folder = shutil.copytree(small_run, tmp_path / "run")
    done = estimate_recipe(small_recipe(folder))
    assert stage(done, "thoughts").requests.high == 0
    assert stage(done, "corrections").requests.high == 0 < stage(done, "corrections").stored
    assert done.usd is not None and done.usd.high == 0
    more = stage(estimate_recipe(small_recipe(folder, "solutions.samples_per_problem=3")), "corrections")
    assert more.requests.basis.startswith("measured: ") and "of the run are wrong" in more.requests.basis
    assert 0 < more.requests.value < 3 * 24
    assert more.output_tokens.basis.startswith("measured: mean of ")


def test_an_unknown_price_leaves_every_cost_unknown(tmp_path: Path) -> None:
    estimate = estimate_recipe(small_recipe(tmp_path, "teacher.price=null"))
    assert (estimate.price, estimate.usd, estimate.usd_in_batches) == (None, None, None)
    assert {stage.usd for stage in estimate.stages} == {None}
    assert estimate.price_basis.startswith("unknown: ")
