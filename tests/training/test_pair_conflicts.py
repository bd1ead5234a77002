"""Pairs that cannot stand together are left out, each with its reason."""

from __future__ import annotations

from typing import Any

from supercorrect.records import Pair, Rejection
from supercorrect.training.pair_conflicts import Conflicts, settle_conflicts


def make_pair(name: str, prompt: str, chosen: str, rejected: str) -> Pair:
    fields: dict[str, Any] = {"problem_id": "p", "solution_id": "s", "correction_id": "c", "own_correction_id": None}
    sides = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    ids = {f"{side}_ids": tuple(map(ord, text)) for side, text in sides.items()}
    return Pair(pair_id=name, layout="continuation", first_error_step=1, step=1, **fields, **sides, **ids)


def test_duplicates_contradictions_and_long_pairs_are_left_out_with_their_reason() -> None:
    pairs = [
        make_pair("first", "x", "a", "b"),
        make_pair("again", "x", "a", "b"),
        make_pair("against", "x", "c", "a"),
        make_pair("elsewhere", "y", "c", "a"),
        make_pair("long", "y" * 9, "c", "a"),
    ]
    conflicts, rejections = Conflicts(8), list[Rejection]()
    for pair in pairs:
        conflicts.note(pair)
    kept = list(settle_conflicts(pairs, conflicts, rejections, stage="pairs"))
    assert [pair.pair_id for pair in kept] == ["first", "elsewhere"]
    reasons = {"again": "duplicate", "against": "rejected_is_chosen_elsewhere", "long": "too_long"}
    assert {r.item_id: r.reason for r in rejections} == reasons
