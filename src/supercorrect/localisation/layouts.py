"""The layouts of the step-labelled sets, told by the columns that their publishers named, and read into ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from supercorrect.errors import InputError
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.labels import LabelError, from_one_based, from_zero_based, join_by_headings
from supercorrect.problems.answers import text_of

Row = Mapping[str, Any]
_CHOICE = re.compile(r"[Cc]hoice[_ ]\(?([A-Z])\b")
_OPTION = re.compile(r"\([A-Z]\)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class StepLayout:
    """How one set is read.

    Attributes:
        columns: The layout is told by these, and every row must have them.
        read: A row as a solution; it gets the item's id and the set's name.
    """

    columns: tuple[str, ...]
    read: Callable[[Row, str, str], LabelledSolution]


def read_processbench(row: Row, item_id: str, set_name: str) -> LabelledSolution:
    """ProcessBench: `label` counts from 0, −1 for none. It has no reference answers."""
    steps = _texts(row["steps"])
    return LabelledSolution(
        item_id=item_id,
        set_name=set_name,
        problem=_text(row["problem"]),
        steps=steps,
        first_error_step=from_zero_based(row["label"], steps),
        answer_correct=row.get("final_answer_correct"),
    )


def read_big_bench_mistake(row: Row, item_id: str, set_name: str) -> LabelledSolution:
    """BIG-Bench-Mistake: `mistake_index` counts from 0, null for none. Closing no bracket is an answer, too."""
    steps = _texts(row["steps"])
    answer, target = ((text_of(row[column]) or "").strip() for column in ("answer", "target"))
    return LabelledSolution(
        item_id=item_id,
        set_name=set_name,
        problem=_text(row["input"]),
        steps=steps,
        first_error_step=from_zero_based(row["mistake_index"], steps),
        answer_correct=answer == target,
        reference_answer=target or None,
        answer_task=_task_of(target),
    )


def read_mr_gsm8k(row: Row, item_id: str, set_name: str) -> LabelledSolution:
    """MR-GSM8K: `model_output_solution_first_error_step` counts from 1; a solution called correct has none."""
    steps = _texts(row["model_output_steps"])
    label = row["model_output_solution_first_error_step"]
    correct = _is_word(row["model_output_solution_correctness"], "correct")
    return LabelledSolution(
        item_id=item_id,
        set_name=set_name,
        problem=_text(row["question"]),
        steps=steps,
        first_error_step=None if correct else _required(from_one_based(label, steps)),
        answer_correct=_is_word(row["model_output_answer_correctness"], "correct"),
        reference_solution=text_of(row["ground_truth_solution"]),
        reference_answer=text_of(row["ground_truth_answer"]),
    )


def read_mr_ben(row: Row, item_id: str, set_name: str) -> LabelledSolution:
    """Mr-Ben: `Model_Solution_First_Error_Step` is the number in the step's heading, from 1; `N/A` for none."""
    steps = join_by_headings(_texts(row["Model_Solution_Steps"]))
    correct = _is_word(row["Model_Solution_Correctness"], "correct")
    step = None if correct else _required(from_one_based(row["Model_Solution_First_Error_Step"], steps))
    answer = text_of(row.get("Ground_Truth_Answer_Modified")) or text_of(row["Ground_Truth_Answer"])
    chosen = next((found[-1] for text in reversed(steps) if (found := _CHOICE.findall(text))), None)
    options, rectified = text_of(row.get("Options")), row["Model_Solution_Rectified_First_Error_Step"]
    return LabelledSolution(
        item_id=item_id,
        set_name=set_name,
        problem="\n".join(filter(None, (_text(row["Question"]), options))),
        steps=steps,
        first_error_step=step,
        answer_correct=None if chosen is None or answer is None else chosen == answer.strip(),
        reference_solution=text_of(row.get("Ground_Truth_Analysis")),
        reference_answer=answer,
        answer_task="multiple_choice" if options else "math",
        corrected_steps=() if step is None else _texts([rectified] if isinstance(rectified, str) else rectified),
    )


def read_verify_then_generate(row: Row, item_id: str, set_name: str) -> LabelledSolution:
    """Verify-then-generate: `incorrect_index` counts from 0; every solution is wrong.

    The answer is the last line of the reference solution.
    """
    steps, reference = _texts(row["student_incorrect_solution"]), _text(row["reference_solution"])
    return LabelledSolution(
        item_id=item_id,
        set_name=set_name,
        problem=_text(row["problem"]),
        steps=steps,
        first_error_step=_required(from_zero_based(row["incorrect_index"], steps)),
        answer_correct=False,
        reference_solution=reference,
        reference_answer=reference.strip().splitlines()[-1].strip(),
    )


STEP_LAYOUTS: dict[str, StepLayout] = {
    "processbench": StepLayout(("problem", "steps", "label"), read_processbench),
    "big_bench_mistake": StepLayout(("input", "steps", "target", "answer", "mistake_index"), read_big_bench_mistake),
    "mr_gsm8k": StepLayout(
        (
            "question",
            "ground_truth_solution",
            "ground_truth_answer",
            "model_output_steps",
            "model_output_answer_correctness",
            "model_output_solution_correctness",
            "model_output_solution_first_error_step",
        ),
        read_mr_gsm8k,
    ),
    "mr_ben": StepLayout(
        (
            "Question",
            "Ground_Truth_Answer",
            "Model_Solution_Steps",
            "Model_Solution_Correctness",
            "Model_Solution_First_Error_Step",
            "Model_Solution_Rectified_First_Error_Step",
        ),
        read_mr_ben,
    ),
    "verify_then_generate": StepLayout(
        ("problem", "reference_solution", "student_incorrect_solution", "incorrect_index"), read_verify_then_generate
    ),
}


def detect_step_layout(row: Row, name: str) -> str:
    """The layout whose columns a row has.

    Raises:
        InputError: None has; says what was found and what is expected.
    """
    for layout_name, layout in STEP_LAYOUTS.items():
        if all(column in row for column in layout.columns):
            return layout_name
    known = "; ".join(f"{layout_name}: {', '.join(layout.columns)}" for layout_name, layout in STEP_LAYOUTS.items())
    raise InputError(
        f"{name}: no step-labelled set is told by these columns: {', '.join(map(str, row)) or 'none'}; "
        f"expected those of one of [{known}]"
    )


def _text(value: object) -> str:
    text = text_of(value)
    if text is None:
        raise LabelError("empty_column")
    return text


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value or not all(isinstance(item, str) for item in value):
        raise LabelError("no_steps")
    return tuple(value)


def _required(step: int | None) -> int:
    if step is None:
        raise LabelError("wrong_without_first_error")
    return step


def _is_word(value: object, word: str) -> bool:
    return str(value).strip().casefold() == word


def _task_of(target: str) -> str:
    """How an answer of this form is graded: an option, a number, or words and brackets to the letter."""
    if _OPTION.fullmatch(target):
        return "multiple_choice"
    return "math" if _NUMBER.fullmatch(target) else "exact"
