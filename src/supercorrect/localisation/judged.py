"""Reviews beside their labels, with what was corrected graded: one row an item, from which figures are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from supercorrect.grading import Grade, Grader, can_be_judged
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.reviews import Review
from supercorrect.metrics import same_result
from supercorrect.records import Record, VerdictStatus

Comparison = tuple[str, str, str]
"""What a critic wrote, what it is held against, and the problem."""
Judging = Callable[[Sequence[tuple[Grade, Comparison]]], list[Grade]]
"""Asks a judge about grades that are undecided."""
_OR = "\nor: "


class JudgedReview(Record):
    """A critic's word on one labelled solution.

    Attributes:
        first_error_step: The label, 1-based. None: no step is wrong.
        answer_correct: Whether the solution's final answer is right. None: not known.
        named_step: What the critic named. None: no step, or it cannot be read.
        unreadable: Why it cannot be read. None: it can.
        answer: The final answer that the critic holds to be right.
        answer_status: That answer's grade. None: no wrong step to correct, or no reference answer.
        step_status: Its corrected step against people's. None: no wrong step, or people's correction is not known.
        reply: The critic's words.
    """

    item_id: str
    set_name: str
    first_error_step: int | None
    answer_correct: bool | None
    named_step: int | None
    unreadable: str | None = None
    cause: str | None = None
    correction: str | None = None
    answer: str | None = None
    answer_status: VerdictStatus | None = None
    step_status: VerdictStatus | None = None
    reply: str = ""


def judge_reviews(
    solutions: Sequence[LabelledSolution], reviews: Sequence[Review], judging: Judging | None = None
) -> list[JudgedReview]:
    """Set reviews beside labels, and grade what was corrected.

    A corrected answer is graded against the reference answer; a corrected step by its result, what stands behind its
    last `=`, against people's corrections of that step. Where the rule cannot tell, it is ungradable, not wrong.

    Args:
        judging: Asked about what the rule leaves ungradable. None: it stays so.
    """
    answers, steps = _grade_answers(solutions, reviews), _grade_steps(solutions, reviews)
    if judging is not None:
        _judge(
            answers,
            [(r.answer, s.reference_answer, s.problem) for s, r in zip(solutions, reviews, strict=True)],
            judging,
        )
        people = [_OR.join(solution.corrected_steps) for solution in solutions]
        compared = [(r.correction, p, s.problem) for s, r, p in zip(solutions, reviews, people, strict=True)]
        _judge(steps, compared, judging)
    return [
        JudgedReview(
            item_id=solution.item_id,
            set_name=solution.set_name,
            first_error_step=solution.first_error_step,
            answer_correct=solution.answer_correct,
            named_step=review.named_step,
            unreadable=review.unreadable,
            cause=review.cause,
            correction=review.correction,
            answer=review.answer,
            answer_status=answer.status if answer else None,
            step_status=step.status if step else None,
            reply=review.reply,
        )
        for solution, review, answer, step in zip(solutions, reviews, answers, steps, strict=True)
    ]


def _grade_answers(solutions: Sequence[LabelledSolution], reviews: Sequence[Review]) -> list[Grade | None]:
    """Corrected answers, each by the task of its set, many at a time."""
    grades: list[Grade | None] = [None] * len(solutions)
    by_task: dict[str, list[int]] = {}
    for i, (solution, review) in enumerate(zip(solutions, reviews, strict=True)):
        if solution.first_error_step is None or solution.reference_answer is None:
            continue
        if review.answer:
            by_task.setdefault(solution.answer_task, []).append(i)
        else:
            grades[i] = Grade("ungradable", reason="no_answer")
    for task, indices in by_task.items():
        with Grader(task) as grader:
            graded = grader.grade_answers(
                [(reviews[i].answer or "", solutions[i].reference_answer or "") for i in indices]
            )
        for i, grade in zip(indices, graded, strict=True):
            grades[i] = grade
    return grades


def _grade_steps(solutions: Sequence[LabelledSolution], reviews: Sequence[Review]) -> list[Grade | None]:
    """Corrected steps, each against people's of the same step."""
    with Grader() as grader:
        return [_grade_step(solution, review, grader) for solution, review in zip(solutions, reviews, strict=True)]


def _grade_step(solution: LabelledSolution, review: Review, grader: Grader) -> Grade | None:
    """By result where both sides have one; words alone prove nothing unless they are the same."""
    if solution.first_error_step is None or not solution.corrected_steps:
        return None
    if not review.correction:
        return Grade("ungradable", reason="no_correction")
    if any(same_result(review.correction, people, grader) for people in solution.corrected_steps):
        return Grade("correct", review.correction)
    both = "=" in review.correction and all("=" in people for people in solution.corrected_steps)
    return Grade("incorrect" if both else "ungradable", review.correction, None, None if both else "no_result")


def _judge(
    grades: list[Grade | None], compared: Sequence[tuple[str | None, str | None, str]], judging: Judging
) -> None:
    """Replace the grades that a judge can decide, in place."""
    undecided = [(i, grade) for i, grade in enumerate(grades) if grade is not None and can_be_judged(grade)]
    rows = [(grade, (compared[i][0] or "", compared[i][1] or "", compared[i][2])) for i, grade in undecided]
    for (i, _), grade in zip(undecided, judging(rows), strict=True):
        grades[i] = grade
