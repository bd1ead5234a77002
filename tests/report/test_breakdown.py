"""Accuracy by group, agreement and stability, counted by hand."""

from __future__ import annotations

import pytest

from supercorrect.metrics import compute_accuracy
from supercorrect.records import EvaluationItem, Problem, Verdict, VerdictStatus
from supercorrect.report.breakdown import MOST_GROUPS, OTHERS, compute_agreement, compute_breakdowns, compute_stability


def problem(name: str, topic: str | None, level: str | None = None) -> Problem:
    texts = {"problem": name, "reference_solution": "", "reference_answer": "1", "split": "held_out", "source": "x"}
    return Problem(problem_id=name, **texts, topic=topic, level=level)


def item(name: str, sampled: VerdictStatus, greedy: VerdictStatus = "correct") -> EvaluationItem:
    completions = {"greedy_completion": "", "sampled_completion": ""}
    return EvaluationItem(arm="a", problem_id=name, greedy=greedy, sampled=sampled, **completions)


def test_accuracy_by_topic() -> None:
    problems = [problem("p", "algebra"), problem("q", "algebra"), problem("r", "geometry"), problem("s", None)]
    items = [item("p", "correct"), item("q", "ungradable"), item("r", "correct"), item("s", "correct")]
    (by_topic,) = compute_breakdowns(problems, {"a": items})
    assert (by_topic.by, by_topic.sizes) == ("topic", {"algebra": 2, "geometry": 1})
    assert by_topic.arms["a"]["algebra"] == compute_accuracy(["correct", "ungradable"])
    assert by_topic.arms["a"]["geometry"]["n"] == 1


def test_small_groups_go_together() -> None:
    problems = [problem(f"p{i}", f"topic {i // 2:02}") for i in range(2 * MOST_GROUPS)]
    problems += [problem(f"small{i}", f"small {i}") for i in range(5)]
    (by_topic,) = compute_breakdowns(problems, {"a": [item(p.problem_id, "correct") for p in problems]})
    assert len(by_topic.sizes) == MOST_GROUPS + 1
    assert list(by_topic.sizes)[-1] == OTHERS
    assert by_topic.sizes[OTHERS] == 5
    assert sum(by_topic.sizes.values()) == len(problems)


def test_one_group_is_no_breakdown() -> None:
    assert compute_breakdowns([problem("p", "algebra", "1")], {"a": [item("p", "correct")]}) == []


def test_agreement_of_greedy_and_sampled() -> None:
    items = [item("p", "correct"), item("q", "incorrect"), item("r", "incorrect", "ungradable"), item("s", "correct")]
    assert compute_agreement(items).parts == pytest.approx((0.5, 0.25, 0.0, 0.25))


def test_stability_counts_problems_by_right_samples() -> None:
    statuses: dict[str, list[VerdictStatus]] = {
        "p": ["correct", "correct"],
        "q": ["correct", "incorrect"],
        "r": ["ungradable", "incorrect"],
        "s": ["incorrect", "correct"],
    }
    verdicts = [
        Verdict(verdict_id="v", solution_id="s", problem_id=name, status=status)
        for name, found in statuses.items()
        for status in found
    ]
    stability = compute_stability("hsft", verdicts)
    assert stability is not None
    assert (stability.samples, stability.problems) == (2, [1, 2, 1])
    assert compute_stability("hsft", verdicts[::2]) is None
