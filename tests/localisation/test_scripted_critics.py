"""Critics with known errors over every step-labelled set: the figures are exactly those that they were built with.

The oracle counts over the labels as they stand in the files, with none of the package's measures.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from labelled_rows import write_sets
from supercorrect.formats import render_steps
from supercorrect.localisation.judged import JudgedReview, judge_reviews
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.loading import load_labelled_sets
from supercorrect.localisation.measures import LocalisationFigures, WrongFigures, compute_localisation_figures
from supercorrect.localisation.reviews import read_trace
from supercorrect.metrics import Proportion

NAMES = (
    *(f"first_error/processbench_{name}" for name in ("gsm8k", "math")),
    *(f"first_error/bbm_{name}" for name in ("dyck_languages", "logical_deduction", "multistep_arithmetic")),
    *(f"first_error/bbm_{name}" for name in ("tracking_shuffled_objects", "word_sorting")),
    "first_error/mr_gsm8k_partial",
    "correction/mrben_math",
    "correction/verify_then_generate",
)
UNREADABLE = "unreadable"
Script = Callable[[LabelledSolution], int | str | None]


def write_trace(solution: LabelledSolution, named: int | str | None) -> str:
    """The reply of a critic that faults this step; None: none. Any text is its reply as it is."""
    if isinstance(named, str):
        return named
    steps = [step.strip() for step in solution.steps]
    if named is not None:
        steps[named - 1] += " <Cause> it is wrong </Cause> <Correction> 1 = 1 </Correction>"
    return render_steps(steps) + "\n<Answer> 1 </Answer>"


def follow(script: Script, solutions: list[LabelledSolution]) -> list[JudgedReview]:
    """What a scripted critic is read and judged to say, without grading its answers."""
    bare = [s.model_copy(update={"reference_answer": None, "corrected_steps": ()}) for s in solutions]
    return judge_reviews(bare, [read_trace(write_trace(s, script(s)), len(s.steps)) for s in bare])


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> list[list[LabelledSolution]]:
    """Every real set where they are at hand, and the made-up rows of every layout."""
    paths = write_sets(tmp_path_factory.mktemp("sets"))
    if "SUPERCORRECT_DATA" in os.environ:
        paths += [Path(os.environ["SUPERCORRECT_DATA"]) / f"{name}.jsonl" for name in NAMES]
    return [one.solutions for one in load_labelled_sets(paths)]


def share(hits: int, n: int) -> float | None:
    return hits / n if n else None


def value(proportion: Proportion | None) -> float | None:
    return None if proportion is None else proportion["value"]


def check(figures: LocalisationFigures, said: list[int | str | None], solutions: list[LabelledSolution]) -> None:
    """Against brute force: every figure from its words in ProcessBench's paper and this package's documentation."""
    rows = [(word, s.first_error_step, s.answer_correct) for word, s in zip(said, solutions, strict=True)]
    wrong, right = [r for r in rows if r[1] is not None], [r for r in rows if r[1] is None]

    def hits(some: list[tuple[int | str | None, int | None, bool | None]]) -> int:
        return sum(word == label for word, label, _ in some)

    def near(some: list[tuple[int | str | None, int | None, bool | None]]) -> int:
        return hits(some) + sum(type(w) is int and type(k) is int and abs(w - k) == 1 for w, k, _ in some)

    assert figures["n"] == len(rows)
    assert value(figures["exact"]) == share(hits(rows), len(rows))
    assert value(figures["within_one"]) == share(near(rows), len(rows))
    check_wrong(figures["wrong"], hits(wrong), near(wrong), len(wrong))
    hidden = [r for r in wrong if r[2] is True]
    check_wrong(figures["right_answer_wrong_step"], hits(hidden), near(hidden), len(hidden))
    assert figures["wrong"]["none_named"] == sum(word is None for word, *_ in wrong)
    assert value(figures["right"]["exact"]) == share(hits(right), len(right))
    assert value(figures["right"]["false_alarm_rate"]) == share(sum(type(r[0]) is int for r in right), len(right))
    assert figures["wrong_answer_no_wrong_step"] == sum(r[2] is False for r in right)
    assert sum(figures["unreadable"].values()) == sum(isinstance(word, str) for word in said)
    if not wrong or not right:
        assert figures["f1"] is None
    else:
        a, b = hits(wrong) / len(wrong), hits(right) / len(right)
        assert figures["f1"] == pytest.approx(2 / (1 / a + 1 / b) if a and b else 0.0)


def check_wrong(figures: WrongFigures, exact: int, near: int, n: int) -> None:
    assert (figures["n"], value(figures["exact"]), value(figures["within_one"])) == (n, share(exact, n), share(near, n))


def perfect(solution: LabelledSolution) -> int | None:
    return solution.first_error_step


def always_none(solution: LabelledSolution) -> None:
    return None


def off_by_one(solution: LabelledSolution) -> int | None:
    """The step after the wrong one; the one before it, where it is the last."""
    step = solution.first_error_step
    return None if step is None else step + 1 if step < len(solution.steps) else step - 1 or None


@pytest.mark.parametrize("script", [perfect, always_none, off_by_one])
def test_critics_with_one_way_of_erring(script: Script, sets: list[list[LabelledSolution]]) -> None:
    for solutions in sets:
        figures = compute_localisation_figures(follow(script, solutions))
        check(figures, [script(s) for s in solutions], solutions)
        if script is perfect:
            assert (value(figures["exact"]), figures["f1"] in (1.0, None)) == (1.0, True)
        if script is always_none:
            assert value(figures["wrong"]["exact"]) == 0.0
            assert value(figures["right"]["exact"]) in (1.0, None)


def test_a_random_critic_that_is_sometimes_unreadable(sets: list[list[LabelledSolution]]) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    for solutions in sets:
        choices = [[None, "no tags at all", "", *range(1, len(s.steps) + 1)] for s in solutions]
        said = {s.item_id: draw.choice(some) for s, some in zip(solutions, choices, strict=True)}
        figures = compute_localisation_figures(follow(lambda s, said=said: said[s.item_id], solutions))
        check(figures, list(said.values()), solutions)


def test_sets_together_are_the_sum_of_their_rows(sets: list[list[LabelledSolution]]) -> None:
    everything = [solution for solutions in sets for solution in solutions]
    figures = compute_localisation_figures(follow(off_by_one, everything))
    check(figures, [off_by_one(s) for s in everything], everything)
    if "SUPERCORRECT_DATA" in os.environ:
        assert figures["right_answer_wrong_step"]["n"] > 200, (
            "ProcessBench, Mr-Ben and others have right answers by luck"
        )
