"""The rule behind each verdict, and claims on runs whose arms are right at stated rates."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from made_paper_runs import PAPER, made_run
from supercorrect.arms import arm_names
from supercorrect.config import load_recipe
from supercorrect.paper.orderings import CLAIMS, Judgement, Kind, judge, judge_claims
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.values import Compared


def compared(*runs: tuple[int, int, int]) -> Compared:
    """Runs of items on which only the first is right, only the second, and on which they agree."""
    first, second = [], []
    for only_first, only_second, same in runs:
        outcomes = [(1.0, 0.0)] * only_first + [(0.0, 1.0)] * only_second + [(1.0, 1.0)] * same
        first.append({str(i): one for i, (one, _) in enumerate(outcomes)})
        second.append({str(i): other for i, (_, other) in enumerate(outcomes)})
    return Compared(first, second)


@pytest.mark.parametrize(
    ("kind", "runs", "judgement"),
    [
        ("above", [(40, 0, 60), (30, 0, 70)], "holds"),
        ("above", [(80, 0, 20), (0, 1, 99)], "not resolved"),  # one seed speaks against it
        ("above", [(5, 4, 91)], "not resolved"),
        ("above", [(0, 40, 60)], "does not hold"),
        ("well above", [(40, 0, 60), (30, 0, 70)], "holds"),
        ("well above", [(40, 0, 60), (4, 0, 96)], "not resolved"),  # one seed's are 4 points
        ("well above", [(5, 4, 991)], "does not hold"),
        ("below", [(0, 40, 60)], "holds"),
        ("below", [(40, 0, 60)], "does not hold"),
        ("equal", [(5, 5, 990)], "holds"),
        ("equal", [(40, 0, 60)], "does not hold"),
        ("equal", [(10, 10, 80)], "not resolved"),
        ("not above", [(0, 40, 60)], "holds"),
        ("not above", [(5, 5, 990)], "holds"),
        ("not above", [(40, 0, 60)], "does not hold"),
        ("not above", [(10, 10, 80)], "not resolved"),
        ("above", [], "not resolved"),
    ],
)
def test_the_rule(kind: Kind, runs: list[tuple[int, int, int]], judgement: Judgement) -> None:
    assert judge(kind, compared(*runs)) == judgement


def test_pooled_differences_are_over_all_items_and_each_runs_stands_apart() -> None:
    both = compared((3, 1, 6), (0, 2, 8))
    assert both.by_run == pytest.approx((0.2, -0.2))
    assert both.pooled is not None
    assert both.pooled["difference"] == pytest.approx(0.0)
    assert (both.pooled["only_first"], both.pooled["only_second"], both.pooled["n"]) == (3, 3, 20)


def test_apart_are_the_seeds_on_which_both_intervals_do_not_touch() -> None:
    assert compared((40, 0, 60), (0, 40, 60), (4, 0, 96)).apart == 2  # the last: 96.3 to 100 %, 90.2 to 98.4 %
    assert compared((40, 30, 30)).apart == 0


def test_claims_are_made_about_evaluated_arms_alone(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)
    overrides = ("tables=[]", "evaluation.arms=[base, cross_dpo, hsft]")
    made = [made_run(PAPER / "table2.yaml", tmp_path / str(s), *overrides, seed=s) for s in (seed, seed + 1)]
    runs = [FinishedRun(*one) for one in made]
    judged = judge_claims({"table2": runs})
    assert [one.claim.sentence for one in judged] == [f"cross_dpo is above hsft: {d}" for d in ("sampled", "greedy")]
    assert [one.judgement for one in judged] == ["holds", "holds"]


def test_every_claim_is_about_arms_of_its_recipe() -> None:
    for claim in CLAIMS:
        if claim.table != "table5":
            arms = arm_names(load_recipe(PAPER / f"{claim.table}.yaml"))
            assert {claim.first.arm, claim.second.arm} <= set(arms), claim.sentence
