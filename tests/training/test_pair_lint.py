"""Every fault of pairs that the pre-flight knows, one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from supercorrect.records import Pair
from supercorrect.training.pair_lint import lint_pairs

END = 1


def make_pair(name: str = "a", **changes: Any) -> Pair:
    fields: dict[str, Any] = {
        "pair_id": name,
        "problem_id": "problem",
        "solution_id": "solution",
        "correction_id": "correction",
        "own_correction_id": None,
        "layout": "correction",
        "first_error_step": 1,
        "step": 1,
        "prompt": "2 + 3?",
        "chosen": "",
        "rejected": "",
        "prompt_ids": (5, 6),
        "chosen_ids": (7, 8),
        "rejected_ids": (9, 9),
    }
    return Pair(**(fields | changes))


def lint(*pairs: Pair, cause: str = "it adds wrongly", answer: str = "5") -> dict[str, bool]:
    findings = lint_pairs(pairs, end_id=END, max_length=6, causes={"correction": cause}, answers={"problem": answer})
    return {finding.check: finding.blocks for finding in findings}


FAULTS = {
    "no chosen tokens": ({"chosen_ids": ()}, "empty_side"),
    "no prompt": ({"prompt_ids": ()}, "empty_side"),
    "equal sides": ({"chosen_ids": (9, 9)}, "equal_sides"),
    "too long": ({"chosen_ids": (7,) * 5}, "too_long"),
    "only rejected stops: stopping is trained out": ({"rejected_ids": (9, END)}, "one_side_ends"),
    "only chosen stops: stopping is trained in": ({"chosen_ids": (7, END)}, "one_side_ends"),
    "a closed turn inside": ({"chosen_ids": (END, 7), "rejected_ids": (9, END)}, "ends_midway"),
}


@pytest.mark.parametrize("changes, check", FAULTS.values(), ids=FAULTS)
def test_faults_that_block(changes: dict[str, Any], check: str) -> None:
    assert lint(make_pair(**changes), make_pair("b", rejected_ids=(9,), chosen_ids=(7, 7))).get(check) is True


def test_sound_pairs_have_no_finding() -> None:
    assert lint(make_pair(), make_pair("b", chosen_ids=(7, END), rejected_ids=(8, END))) == {}


def test_a_pair_that_contradicts_another_blocks() -> None:
    assert lint(make_pair(), make_pair("b", chosen_ids=(3, 3), rejected_ids=(7, 8))) == {"contradiction": True}


def test_duplicates_are_named() -> None:
    (finding,) = lint_pairs([make_pair("a"), make_pair("b")], end_id=END, max_length=None, causes={}, answers={})
    assert (finding.check, finding.blocks, finding.pair_ids) == ("duplicate", False, ("a", "b"))
    assert str(finding).startswith("duplicate: 2 pairs (a, b): ")


@pytest.mark.parametrize("cause, found", [("It should be 5.", True), ("Step 15 is off.", False), ("2 is not 3", False)])
def test_an_answer_in_the_cause_is_found(cause: str, found: bool) -> None:
    assert ("answer_in_cause" in lint(make_pair(), cause=cause)) is found


def test_a_side_known_by_its_length_is_found() -> None:
    pairs = [make_pair(str(i), chosen_ids=(7, 8, i)) for i in range(10, 20)]
    assert lint(*pairs) == {"length_bias": False}
