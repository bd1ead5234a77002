"""Small made-up sets in each publisher's layout, for tests that need no real data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STEPS = ["2 + 3 = 5", "5 * 2 = 11", "11 - 1 = 10"]


def _mr_ben(label: str, **changes: Any) -> dict[str, Any]:
    wrong = label != "N/A"
    return {
        "Question": "What is (2 + 3) * 2 - 1?",
        "Options": "A: 9\nB: 10",
        "Ground_Truth_Answer": "A",
        "Model_Solution_Steps": ["Step 1: 2 + 3 = 5", "Step 2: 5 * 2 = 11", "Step 3: so 10", "Solution: Choice_B"],
        "Model_Solution_Correctness": "incorrect" if wrong else "correct",
        "Model_Solution_First_Error_Step": label,
        "Model_Solution_Rectified_First_Error_Step": ["Step 2: 5 * 2 = 10"] if wrong else "N/A",
        **changes,
    }


def _mr_gsm8k(label: Any, solution: str, answer: str) -> dict[str, Any]:
    return {
        "question": "What is (2 + 3) * 2 - 1?",
        "ground_truth_solution": "9 #### 9",
        "ground_truth_answer": 9,
        "model_output_steps": STEPS,
        "model_output_answer_correctness": answer,
        "model_output_solution_correctness": solution,
        "model_output_solution_first_error_step": label,
    }


def _bbm(index: int | None, answer: str, target: str) -> dict[str, Any]:
    return {"input": "(2 + 3) * 2 - 1 =", "steps": STEPS, "answer": answer, "target": target, "mistake_index": index}


ROWS: dict[str, list[dict[str, Any]]] = {
    "processbench": [
        {"id": str(label), "problem": "What is …?", "steps": STEPS, "final_answer_correct": right, "label": label}
        for label, right in ((1, False), (0, True), (2, False), (-1, True), (-1, False))
    ],
    "big_bench_mistake": [_bbm(1, "10", "9"), _bbm(0, "9", "9"), _bbm(None, "9", "9"), _bbm(None, "10", "9")],
    "mr_gsm8k": [
        _mr_gsm8k(2, "wrong", "wrong"),
        _mr_gsm8k("3", "wrong", "correct"),
        _mr_gsm8k("N/A", "correct", "correct"),
    ],
    "mr_ben": [_mr_ben("2"), _mr_ben("N/A"), _mr_ben("4")],
    "verify_then_generate": [
        {
            "problem": "What is (2 + 3) * 2 - 1?",
            "reference_solution": "2 + 3 = 5\n10 - 1 = 9\n 9",
            "student_incorrect_solution": STEPS,
            "incorrect_index": index,
        }
        for index in (0, 1)
    ],
}
EXPECTED = {
    "processbench": [2, 1, 3, None, None],
    "big_bench_mistake": [2, 1, None, None],
    "mr_gsm8k": [2, 3, None],
    "mr_ben": [2, None, 4],
    "verify_then_generate": [1, 2],
}


def write_set(folder: Path, layout: str, rows: list[dict[str, Any]] | None = None) -> Path:
    """A file of JSON lines, called as its layout."""
    path = folder / f"{layout}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (ROWS[layout] if rows is None else rows)))
    return path


def write_sets(folder: Path) -> list[Path]:
    """A file for each layout."""
    return [write_set(folder, layout) for layout in ROWS]
