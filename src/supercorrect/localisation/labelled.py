"""Solutions whose first wrong step is known, as they come from the step-labelled sets."""

from __future__ import annotations

from supercorrect.records import Record


class LabelledSolution(Record):
    """A solution of a step-labelled set. Its steps are the set's own, never split anew.

    Attributes:
        item_id: The set's name and the row, counted from 1: `processbench_gsm8k/17`.
        first_error_step: 1-based. None: no step is wrong.
        answer_correct: Whether the final answer is right, which a wrong step does not rule out. None: not known.
        reference_solution: None: the set has none.
        reference_answer: None: the set has none, so corrected answers cannot be graded.
        answer_task: How answers are graded: a task of `supercorrect.grading`.
        corrected_steps: The first wrong step as people put it right, each in their own words.
    """

    item_id: str
    set_name: str
    problem: str
    steps: tuple[str, ...]
    first_error_step: int | None
    answer_correct: bool | None = None
    reference_solution: str | None = None
    reference_answer: str | None = None
    answer_task: str = "math"
    corrected_steps: tuple[str, ...] = ()
