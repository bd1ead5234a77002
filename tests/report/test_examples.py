"""Which errors are shown."""

from __future__ import annotations

from collections import Counter

from supercorrect.records import Correction
from supercorrect.report.examples import EXAMPLES, spread_out


def correction(number: int, problem: str, step: int) -> Correction:
    asked = {"teacher": "t", "request_key": "k", "completion": ""}
    said = {"cause": "", "correction": "", "corrected_answer": "1"}
    ids = {"correction_id": f"c{number}", "solution_id": f"s{number}", "problem_id": problem}
    return Correction(**ids, **asked, first_error_step=step, **said)


def test_rare_kinds_are_shown_beside_a_common_one() -> None:
    groups = {f"p{i}": ("algebra", "1") for i in range(1000)} | {"q": ("geometry", "5"), "r": ("algebra", "3")}
    corrections = [correction(i, f"p{i}", 1) for i in range(1000)]
    corrections += [correction(1000, "q", 4), correction(1001, "r", 2)]
    chosen = spread_out(corrections, groups)
    assert len(chosen) == EXAMPLES
    assert {c.problem_id for c in chosen[:3]} == {"p0", "q", "r"}


def test_topics_levels_and_steps_are_in_balance() -> None:
    groups = {f"p{i}": (f"topic {i % 3}", f"level {i % 5}") for i in range(900)}
    chosen = spread_out([correction(i, f"p{i}", 1 + i % 4) for i in range(900)], groups)
    for counts in (
        Counter(groups[c.problem_id][0] for c in chosen),
        Counter(groups[c.problem_id][1] for c in chosen),
        Counter(c.first_error_step for c in chosen),
    ):
        assert max(counts.values()) - min(counts.values()) <= 1, counts


def test_a_problem_is_shown_once() -> None:
    chosen = spread_out([correction(i, f"p{i % 4}", 1 + i) for i in range(40)], {f"p{i}": ("", "") for i in range(4)})
    assert sorted(c.problem_id for c in chosen) == ["p0", "p1", "p2", "p3"]
