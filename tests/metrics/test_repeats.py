"""pass@k, votes and stability against brute force and hand-made cases."""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Iterator

import pytest

from supercorrect.grading import Grader
from supercorrect.metrics import Answer, compute_stability, find_majority, maj_at_k, pass_at_k, same_answers


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as shared:
        yield shared


def test_pass_at_k_is_the_share_of_all_draws_of_k() -> None:
    for n in range(1, 8):
        for correct, k in itertools.product(range(n + 1), range(1, n + 1)):
            draws = list(itertools.combinations([True] * correct + [False] * (n - correct), k))
            assert pass_at_k(n, correct, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_pass_at_k_is_the_product_of_the_paper_that_introduced_it() -> None:
    """arXiv 2107.03374, figure 3: 1 − ∏ (1 − k / i) for i from n − c + 1 to n."""
    numpy = pytest.importorskip("numpy")
    for n, correct, k in [(200, 13, 100), (256, 1, 10), (8, 8, 8), (100, 0, 5), (64, 60, 8)]:
        product = numpy.prod(1.0 - k / numpy.arange(n - correct + 1, n + 1)) if n - correct >= k else 0.0
        assert pass_at_k(n, correct, k) == pytest.approx(1.0 - product)


@pytest.mark.parametrize(("n", "correct", "k"), [(3, 1, 4), (3, 1, 0), (3, 4, 2), (3, -1, 2)])
def test_pass_at_k_of_what_cannot_be(n: int, correct: int, k: int) -> None:
    with pytest.raises(ValueError, match="1 <= k <= n"):
        pass_at_k(n, correct, k)


def answers(*texts: str | None, right: tuple[int, ...] = ()) -> list[Answer]:
    return [Answer(text, i in right) for i, text in enumerate(texts)]


def test_answers_are_the_same_as_the_grader_decides_and_not_by_their_text(grader: Grader) -> None:
    given = answers("0.5", "\\frac{1}{2}", "3", None, "50\\%", "2", "2.0", right=(5, 6))
    assert same_answers(given, grader) == [0, 0, 2, None, 0, 5, 5]


def test_right_answers_are_the_same_whatever_their_text(grader: Grader) -> None:
    assert same_answers(answers("x", "quite another", "x", right=(0, 1)), grader) == [0, 0, 2]


def test_what_gives_no_answer_has_no_vote_and_ties_go_to_the_first() -> None:
    assert find_majority([None, 1, 2, 2, None]) == (2, False)
    assert find_majority([None, 1, 2, 2, 1]) == (1, True)
    assert find_majority([None, None]) == (None, False)


def test_maj_at_k_takes_blocks_of_k(grader: Grader) -> None:
    given = answers("1", "2", "2", "1", "1", "1", "7", right=(1, 2))
    votes = same_answers(given, grader)
    assert votes == [0, 1, 1, 0, 0, 0, 6]
    assert maj_at_k(given, votes, 3) == (0.5, 0)  # 1 2 2 is right, 1 1 1 is not; the 7 is left over
    assert maj_at_k(given, votes, 2) == (1 / 3, 2)  # 1 2 and 2 1 are ties: the first wins
    assert maj_at_k(given, votes, 7) == (0.0, 0)


def test_stability_is_over_repeats() -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    right = [[rng.random() < 0.3 for _ in range(16)] for _ in range(20)]
    accuracies = [sum(problem[r] for problem in right) / 20 for r in range(16)]
    stability = compute_stability(right)
    assert stability["repeats"] == 16
    assert stability["mean"] == pytest.approx(sum(accuracies) / 16)
    assert stability["variance"] == pytest.approx(statistics.variance(accuracies))
    assert (stability["least"], stability["most"]) == (min(accuracies), max(accuracies))
    within = [sum(p) / 16 * (1 - sum(p) / 16) * 16 / 15 for p in right]
    assert stability["variance_within_problems"] == pytest.approx(sum(within) / 20)
