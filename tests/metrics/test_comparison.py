"""The paired comparison against scipy, statsmodels and brute force."""

from __future__ import annotations

import itertools
import random

import pytest

from supercorrect.metrics import compare_paired, mcnemar_exact


@pytest.fixture
def rng() -> random.Random:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    return random.Random(seed)


def test_mcnemar_is_the_share_of_coin_tosses_that_are_as_uneven() -> None:
    for only_first, only_second in itertools.product(range(6), repeat=2):
        n, uneven = only_first + only_second, abs(only_first - only_second)
        tosses = list(itertools.product((0, 1), repeat=n))
        as_uneven = sum(abs(2 * sum(toss) - n) >= uneven for toss in tosses)
        assert mcnemar_exact(only_first, only_second) == pytest.approx(as_uneven / len(tosses))


def test_mcnemar_is_that_of_statsmodels_and_scipy(rng: random.Random) -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    stats = pytest.importorskip("scipy.stats")
    for _ in range(50):
        only_first, only_second = rng.randint(0, 300), rng.randint(0, 300)
        expected = tables.mcnemar([[7, only_first], [only_second, 9]], exact=True).pvalue
        assert mcnemar_exact(only_first, only_second) == pytest.approx(expected, abs=1e-12)
        if only_first + only_second:
            test = stats.binomtest(only_first, only_first + only_second)
            assert mcnemar_exact(only_first, only_second) == pytest.approx(test.pvalue, abs=1e-9)


def test_thousands_of_differing_problems_have_a_p_value_too() -> None:
    assert mcnemar_exact(2000, 3000) < 1e-40
    assert mcnemar_exact(2500, 2500) == 1.0


def test_problems_that_both_have_right_do_not_count_in_the_test(rng: random.Random) -> None:
    first, second = [1, 1, 0, 1, 0], [1, 0, 0, 0, 1]
    compared = compare_paired(first, second)
    assert (compared["only_first"], compared["only_second"], compared["n"]) == (2, 1, 5)
    assert compared["difference"] == pytest.approx(0.2)
    more = compare_paired(first + [1] * 50, second + [1] * 50)
    assert more["p_mcnemar"] == compared["p_mcnemar"]


def test_the_interval_is_that_of_scipys_bootstrap(rng: random.Random) -> None:
    stats = pytest.importorskip("scipy.stats")
    numpy = pytest.importorskip("numpy")
    first = [int(rng.random() < 0.6) for _ in range(300)]
    second = [one if rng.random() < 0.7 else int(rng.random() < 0.4) for one in first]
    differences = numpy.array(first) - numpy.array(second)
    expected = stats.bootstrap((differences,), numpy.mean, method="percentile").confidence_interval
    assert compare_paired(first, second)["ci95"] == pytest.approx([expected.low, expected.high], abs=0.015)


def test_shares_have_no_mcnemar() -> None:
    compared = compare_paired([0.5, 1.0], [0.25, 1.0])
    assert compared["p_mcnemar"] is compared["only_first"] is None
    assert compared["difference"] == pytest.approx(0.125)
