"""What people decided about a teacher's corrections, and what becomes of a correction under it.

Decisions stand in the run's `decisions.jsonl`, which only grows. A rejected correction makes no pair; an edited one is
read and graded as if the teacher had written it so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from supercorrect.config import GradingConfig
from supercorrect.context import StageContext
from supercorrect.errors import InputError, StorageError
from supercorrect.formats import parse_correction, render_correction
from supercorrect.judging import open_grader
from supercorrect.records import Correction, Decision, Problem
from supercorrect.run_folder import RunFolder

Decisions = Mapping[str, Decision]
"""The decision that holds for each correction, by correction_id.

They are read once a run and handed on: what a stage makes is what its fingerprint says, whatever is decided meanwhile.
"""


@dataclass(frozen=True)
class Decided:
    """Corrections, in order and as edited, and which of them are refused, by id, for what reason."""

    corrections: list[Correction] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def append_decision(folder: RunFolder, decision: Decision) -> None:
    """Make a decision safe: it is on the disk when this returns.

    Raises:
        StorageError: It is not.
    """
    path = folder.decisions
    line = (decision.model_dump_json() + "\n").encode()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                os.ftruncate(descriptor, os.pread(descriptor, size, 0).rfind(b"\n") + 1)  # never confirmed to anyone
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(
            f"{path}: the decision is not kept: {error.strerror}. Free some space, then decide again."
        ) from error


def read_decisions(folder: RunFolder) -> dict[str, Decision]:
    """The decision that holds for each correction, by correction_id.

    Raises:
        InputError: A line is no decision; the message gives file:line.
    """
    if not folder.decisions.exists():
        return {}
    holding: dict[str, Decision] = {}
    for number, line in enumerate(folder.decisions.read_bytes().splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break  # one that was cut off while it was written, and never confirmed to anyone
        try:
            decision = Decision.model_validate_json(line)
        except ValidationError as error:
            raise InputError(
                f"{folder.decisions}:{number}: expected a decision, got {line[:80]!r}: {error.errors()[0]['msg']}. "
                "Take the line out, and decide again."
            ) from error
        holding[decision.correction_id] = decision
    return holding


def decided_settings(decisions: Decisions, errors: str, grading: GradingConfig) -> dict[str, Any]:
    """What of the decisions decides the outcome of a stage: not who or when, and nothing where all stays as it was."""
    changes = [
        [d.correction_id, d.action, d.cause, d.correction, d.corrected_answer]
        for _, d in sorted(decisions.items())
        if d.errors == errors and d.action != "accept"
    ]
    if not changes:
        return {}
    graded = any(action == "edit" for _, action, *_ in changes)
    return {"decisions": changes} | ({"edits_graded": grading.model_dump(exclude={"workers"})} if graded else {})


def read_decided(context: StageContext, errors: str, split: str, decisions: Decisions) -> Decided:
    """The corrections of a set of errors, as people decided."""
    corrections = context.folder.read(f"corrections/{errors}", Correction)
    if not any(c.correction_id in decisions for c in corrections):
        return Decided(corrections)
    problems = {p.problem_id: p for p in context.folder.read(f"problems/{split}", Problem)}
    return apply_decisions(corrections, decisions, problems, context.recipe.grading)


def apply_decisions(
    corrections: Iterable[Correction],
    decisions: Decisions,
    problems: Mapping[str, Problem],
    grading: GradingConfig,
) -> Decided:
    """Edit and refuse corrections; an edit that does not read or does not grade is refused, never taken on trust."""
    decided = Decided()
    edited: list[Correction] = []
    for correction in corrections:
        decision = decisions.get(correction.correction_id)
        changed = edit_correction(correction, decision) if decision and decision.action == "edit" else correction
        if decision and decision.action == "reject":
            decided.refused[correction.correction_id] = "review_rejected"
        elif changed is None:
            decided.refused[correction.correction_id] = "review_unreadable"
        elif changed is not correction:
            edited.append(changed)
        decided.corrections.append(changed or correction)
    if edited:
        with open_grader(grading) as grader:
            rows = [(c.corrected_answer, problems[c.problem_id].reference_answer) for c in edited]
            grades = grader.grade_answers(rows)
        for correction, grade in zip(edited, grades, strict=True):
            if grade.status != "correct":
                decided.refused[correction.correction_id] = f"review_answer_{grade.status}"
    return decided


def edit_correction(correction: Correction, decision: Decision) -> Correction | None:
    """A correction with the edited words, in its fields and in its trace.

    Returns:
        None where the edited trace would be read as something else: a passage is empty, or has tags of its own.
    """
    trace = parse_correction(correction.completion).record
    cause, mended = (decision.cause or "").strip(), (decision.correction or "").strip()
    answer = (decision.corrected_answer or "").strip()
    if trace is None or not (cause and mended and answer):
        return None
    steps = list(trace.steps)
    place = correction.first_error_step - 1
    steps[place] = steps[place].model_copy(update={"cause": cause, "correction": mended})
    wanted = trace.model_copy(update={"steps": tuple(steps), "answer": answer})
    text = render_correction(wanted)
    read = parse_correction(text)
    if read.repairs or read.record != wanted:
        return None
    update = {"cause": cause, "correction": mended, "corrected_answer": answer, "completion": text}
    return correction.model_copy(update=update)
