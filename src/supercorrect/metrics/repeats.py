"""Several solutions of each problem: pass@k, maj@k, and how steady a model is (Figure 5)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from supercorrect.grading import Grader


@dataclass(frozen=True)
class Answer:
    """What one solution answers; `text` None: it gives no answer, and has no vote."""

    text: str | None
    is_right: bool


class Stability(TypedDict):
    """Accuracy over repeats: one repeat is one solution of every problem.

    Attributes:
        variance: Of the accuracy, over repeats (n − 1 in the denominator).
        variance_within_problems: Of right (1) and not right (0) over a problem's repeats, averaged over problems.
    """

    repeats: int
    mean: float
    variance: float
    least: float
    most: float
    variance_within_problems: float


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The chance that at least one of k solutions is right, unbiased: 1 − C(n − c, k) / C(n, k) (arXiv 2107.03374).

    Args:
        n: Solutions that were drawn.
        correct: How many of them are right.

    Raises:
        ValueError: k is not between 1 and n, or `correct` is not between 0 and n.
    """
    if not (1 <= k <= n and 0 <= correct <= n):
        raise ValueError(f"expected 1 <= k <= n and 0 <= correct <= n, got n={n}, correct={correct}, k={k}")
    return 1 - math.comb(n - correct, k) / math.comb(n, k)


def same_answers(answers: Sequence[Answer], grader: Grader) -> list[int | None]:
    """Which answers are one and the same, as the grader decides and not by their text.

    Two right answers are the same, a right one and another are not; of any two others the grader is asked, once.

    Returns:
        Of each answer, the index of the first that is the same (often its own); None: it has no vote.
    """
    known: dict[tuple[str, bool], int] = {}
    leaders: list[int] = []
    votes: list[int | None] = []
    for i, answer in enumerate(answers):
        if answer.text is None:
            votes.append(None)
            continue
        key = ("", True) if answer.is_right else (answer.text, False)
        if key not in known:
            same = (leader for leader in leaders if _is_same(answers[leader], answer, grader))
            known[key] = next(same, i)
            if known[key] == i:
                leaders.append(i)
        votes.append(known[key])
    return votes


def _is_same(one: Answer, other: Answer, grader: Grader) -> bool:
    """Whether two answers are the same that are not both right and have different texts."""
    if one.is_right or other.is_right:
        return False
    return grader.grade_answer(other.text or "", one.text or "").is_correct


def find_majority(votes: Sequence[int | None]) -> tuple[int | None, bool]:
    """The answer with the most votes, and whether another has as many: then the one that was written first wins.

    Args:
        votes: Of `same_answers`, or a part of them.

    Returns:
        The winner as `same_answers` names it; None: nobody voted.
    """
    counted = [vote for vote in votes if vote is not None]
    if not counted:
        return None, False
    most = max(counted.count(vote) for vote in counted)
    leading = list(dict.fromkeys(vote for vote in counted if counted.count(vote) == most))
    return leading[0], len(leading) > 1


def maj_at_k(answers: Sequence[Answer], votes: Sequence[int | None], k: int) -> tuple[float, int]:
    """How often the majority of k solutions is right, and how many votes were ties.

    The solutions are cut into blocks of k, in their order; those left over have no part in it. So each vote is cast by
    other solutions, and with k = n there is one vote.

    Args:
        votes: Of `same_answers`.
    """
    blocks = [find_majority(votes[start : start + k]) for start in range(0, len(answers) - k + 1, k)]
    right = sum(winner is not None and answers[winner].is_right for winner, _ in blocks)
    return right / len(blocks), sum(tied for _, tied in blocks)


def compute_stability(right: Sequence[Sequence[bool]]) -> Stability:
    """Mean and variance of the accuracy over repeats.

    Args:
        right: Problem by repeat; every problem has the same number of repeats, two or more.
    """
    repeats = [statistics.fmean(outcomes) for outcomes in zip(*right, strict=True)]
    return {
        "repeats": len(repeats),
        "mean": statistics.fmean(repeats),
        "variance": statistics.variance(repeats),
        "least": min(repeats),
        "most": max(repeats),
        "variance_within_problems": statistics.fmean(statistics.variance(map(int, outcomes)) for outcomes in right),
    }
