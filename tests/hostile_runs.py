"""A made run with hostile texts in every field that is not an id, and its page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest import mock

from big_run import make_big_run
from injections import INJECTIONS
from supercorrect.config import Recipe
from supercorrect.manifest import Manifest, OutputFile, StageEntry
from supercorrect.report import examples
from supercorrect.report.writing import write_report
from supercorrect.run_folder import RunFolder

FREE_TEXT = frozenset(
    (
        *("problem", "reference_solution", "reference_answer", "source", "topic", "level", "teacher", "prompt"),
        *("chosen", "rejected", "cause", "correction", "corrected_answer", "extracted", "reason", "remark", "detail"),
        *("completion", "greedy_completion", "sampled_completion", "corrected_completion", "located_correction"),
    )
)


def make_hostile_run(root: Path, shown: int, texts: Sequence[str] = INJECTIONS) -> str:
    """The report of a run in which the n-th row of each file has the n-th text in every field.

    Args:
        shown: How many examples the page has.
    """
    recipe = make_big_run(root, solutions=10 * max(shown, 40), corrections=10 * max(shown, 40))
    folder = RunFolder(root)
    for path in sorted((root / "data").rglob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        poisoned = [poison(row, text) for row, text in zip(rows, cycle(texts), strict=False)]
        path.write_text("".join(json.dumps(row) + "\n" for row in poisoned), encoding="utf-8")
    with mock.patch.object(examples, "EXAMPLES", shown):
        write_report(_hostile_recipe(recipe, texts), folder, _hostile_manifest(texts))
    return (root / "report.html").read_text(encoding="utf-8")


def poison(row: dict[str, Any], text: str) -> dict[str, Any]:
    """A row with one text in all of its free fields; a solution keeps steps, so that they are shown as steps."""
    poisoned = {name: text if name in FREE_TEXT and value is not None else value for name, value in row.items()}
    if "completion_token_ids" in row and "student" in row:
        poisoned["completion"] = f"<Step1> {text} </Step1>\n<Step2> {text} </Step2>\n<Answer> {text} </Answer>"
    if "reviewed_solution_id" in row:
        poisoned["reviewed_solution_id"] = None
    if row.get("status") == "ungradable":
        poisoned["reason"] = text
    return poisoned


def _hostile_recipe(recipe: Recipe, texts: Sequence[str]) -> Recipe:
    """Names that no recipe accepts, for the day on which one does."""
    name = " ".join(texts)[:2000]
    return recipe.model_copy(
        update={
            "name": name,
            "student": recipe.student.model_copy(update={"model": name}),
            "teacher": recipe.teacher.model_copy(update={"model": name}),
            "evaluation": recipe.evaluation.model_copy(update={"localise": False}),
        }
    )


def _hostile_manifest(texts: Sequence[str]) -> Manifest:
    files = {text[:200]: OutputFile(sha256=text[:64], size_bytes=1) for text in texts if ".." not in text}
    numbers = {"seconds": 1.0, "in": 1, "kept": 0, "rejected": {text[:200]: 1 for text in texts}, "outputs": files}
    stages = {text[:40]: StageEntry(fingerprint=text[:64], **numbers) for text in texts[:20]}
    return Manifest(recipe_name=texts[0][:200], versions={text[:200]: text[:200] for text in texts}, stages=stages)
