"""Intervals of shares and means against published values, their own equation, and statsmodels."""

from __future__ import annotations

import random

import pytest

from supercorrect.metrics import bootstrap_interval, compute_groups, compute_mean, wilson_interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # statsmodels.stats.proportion.proportion_confint(method="wilson"), to six places
        (0, 10, 0.0, 0.277533),
        (5, 10, 0.236593, 0.763407),
        (10, 10, 0.722467, 1.0),
        (81, 263, 0.255289, 0.366210),
    ],
)
def test_wilson_interval(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=2e-6)


def test_wilson_interval_solves_its_own_equation() -> None:
    rng = random.Random(3)
    for _ in range(200):
        n = rng.randint(1, 2000)
        successes = rng.randint(0, n)
        for bound in wilson_interval(successes, n):
            if 1e-9 < bound < 1 - 1e-9:
                z = (successes / n - bound) / (bound * (1 - bound) / n) ** 0.5
                assert abs(z) == pytest.approx(1.959964, abs=1e-4)


def test_wilson_interval_is_that_of_statsmodels() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(100):
        n = rng.randint(1, 5000)
        successes = rng.randint(0, n)
        expected = proportion.proportion_confint(successes, n, method="wilson")
        assert wilson_interval(successes, n) == pytest.approx(expected, abs=1e-9)


def test_intervals_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        wilson_interval(0, 0)
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_interval([])


def test_the_bootstrap_is_near_the_normal_interval_of_a_mean() -> None:
    values = [(i % 8) / 8 for i in range(400)]
    mean = sum(values) / 400
    error = (sum((v - mean) ** 2 for v in values) / 399 / 400) ** 0.5
    low, high = bootstrap_interval(values)
    assert (low, high) == pytest.approx((mean - 1.96 * error, mean + 1.96 * error), abs=0.25 * error)
    assert bootstrap_interval(values) == (low, high)


def test_a_mean_of_fractions_has_the_wider_interval_of_its_problems() -> None:
    whole = compute_mean([1, 0] * 20)
    assert whole["ci95"] == list(wilson_interval(20, 40))
    shares = compute_mean([0.5, 0.25] * 20)
    assert shares["value"] == pytest.approx(0.375)
    assert shares["ci95"][0] < 0.375 < shares["ci95"][1]
    assert shares["n"] == 40


def test_groups_leave_out_what_has_none() -> None:
    groups = compute_groups(["b", None, "a", "b"], [1, 1, 0, 0])
    assert {name: (share["value"], share["n"]) for name, share in groups.items()} == {"a": (0, 1), "b": (0.5, 2)}
