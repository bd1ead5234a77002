"""The records that cross from one stage to the next, on disk, as JSON lines.

Each is frozen, carries the version of its schema and points to earlier records by id:
problem → thought; problem → solution → verdict → correction → pair. Steps are numbered from 1 everywhere.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict

VerdictStatus = Literal["correct", "incorrect", "ungradable"]
ThoughtStyle = Literal["hierarchy_without_generalized", "hierarchy", "headings"]
DecisionAction = Literal["accept", "reject", "edit"]
PairLayout = Literal["continuation", "correction", "inline", "right_step", "wrong_step", "solution"]
PLAIN_LAYOUTS: tuple[PairLayout, ...] = ("continuation", "inline", "solution")
"""Layouts that a correction is enough for; all others rest on a review of the student's own."""


def make_id(kind: str, *parts: str | int) -> str:
    """A short, stable id: the same parts give the same id on every machine.

    Args:
        kind: What the id names; its first letters stand before the hash, as in `problem-3f2a…`.
        parts: What makes the record itself.
    """
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    return f"{kind}-{digest[:16]}"


class Record(BaseModel):
    """A frozen row. An unknown field is an error: a file of another version never passes for this one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1


class Problem(Record):
    """A problem with a checkable answer. The student only ever sees `problem`."""

    problem_id: str
    problem: str
    reference_solution: str
    reference_answer: str
    split: str
    source: str
    topic: str | None = None
    level: str | None = None


class ThoughtStep(BaseModel):
    """One step of a hierarchical thought: its whole text, `<Key>` passages included, and those passages alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    keys: tuple[str, ...] = ()


class ParsedThought(BaseModel):
    """A hierarchical thought as read from text; `generalized` and `answer` are None where the text has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[ThoughtStep, ...]
    generalized: str | None = None
    answer: str | None = None


class CorrectedStep(BaseModel):
    """One step of a correction trace: as the student wrote it, and what its reader found wrong (None: nothing)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    cause: str | None = None
    correction: str | None = None


class ParsedCorrection(BaseModel):
    """A correction trace as read from text.

    `first_error_step` is the 1-based number of the first step with a cause or a correction; None: no step is faulted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[CorrectedStep, ...]
    answer: str | None = None
    first_error_step: int | None = None


class Thought(Record):
    """What the teacher wrote for stage 1, as text and as parsed (π_tea(P_tea, x, s), section 4.1)."""

    thought_id: str
    problem_id: str
    teacher: str
    request_key: str
    completion: str
    thought: ParsedThought
    repairs: tuple[str, ...] = ()


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str


class Demonstration(Record):
    """A row of stage 1's training set, in TRL's conversational columns. `thought_id` is None for plain solutions."""

    problem_id: str
    thought_id: str | None
    messages: tuple[Message, ...]


class Solution(Record):
    """One completion of a student. `completion_token_ids` are the very ids it sampled, end-of-turn token included."""

    solution_id: str
    problem_id: str
    student: str
    sample_index: int
    completion: str
    completion_token_ids: tuple[int, ...]
    finish_reason: Literal["stop", "length"]


class Verdict(Record):
    """Right, wrong or not gradable: one verdict a solution. `reason` says why it is not gradable, else it is None."""

    verdict_id: str
    solution_id: str
    problem_id: str
    status: VerdictStatus
    extracted: str | None = None
    extraction_rule: str | None = None
    reason: str | None = None


class Correction(Record):
    """The teacher's correction of a solution's first wrong step `first_error_step` (1-based)."""

    correction_id: str
    solution_id: str
    problem_id: str
    teacher: str
    request_key: str
    completion: str
    first_error_step: int
    cause: str
    correction: str
    corrected_answer: str
    repairs: tuple[str, ...] = ()


class OwnCorrection(Record):
    """What the student wrote behind one of its own steps when asked, without the reference solution, to check it.

    Attributes:
        correction_id: The teacher's correction of the solution. None: the solution was graded right.
        step: The step that it was asked about (1-based).
        cause: None: it let the step stand, or wrote no cause.
        completion_token_ids: The very ids it sampled.
    """

    own_correction_id: str
    correction_id: str | None
    solution_id: str
    problem_id: str
    step: int
    completion: str
    completion_token_ids: tuple[int, ...]
    cause: str | None
    correction: str | None


class Pair(Record):
    """A preference pair. Training uses the token ids; the texts are what they decode to.

    `first_error_step` is the first wrong step of the solution, `step` the one that the pair is about (both 1-based).
    They differ only in the layout `right_step`, which is about a step before it that the teacher let stand, or about a
    step of a solution that was graded right, which has neither a first wrong step nor a correction.
    """

    pair_id: str
    problem_id: str
    solution_id: str
    correction_id: str | None
    own_correction_id: str | None
    layout: PairLayout
    first_error_step: int | None
    step: int
    prompt: str
    chosen: str
    rejected: str
    prompt_ids: tuple[int, ...]
    chosen_ids: tuple[int, ...]
    rejected_ids: tuple[int, ...]


class Attempt(Record):
    """One reply of a teacher to one assignment, and what became of it.

    Attributes:
        item_id: The problem (thoughts) or the solution (corrections) that it is about.
        round: How often this teacher had been asked for it, this time included.
        inspector_request_key: The inspector's verdict in the store. None: it was not asked.
        reason: Why the reply was refused. None: it was accepted.
        remark: What was wrong with it, as its writer was told.
        output_tokens: Of the reply. None: the endpoint did not say.
        usd: What the reply and its inspection cost. None: unknown.
    """

    item_id: str
    stage: str
    teacher: str
    round: int
    request_key: str
    inspector_request_key: str | None
    reason: str | None
    remark: str | None
    output_tokens: int | None
    usd: float | None


class EvaluationItem(Record):
    """What one arm did with one held-out problem. None: not asked of this arm.

    Attributes:
        greedy: Verdict on the greedy solution.
        sampled: Verdict on the solution drawn at the recipe's evaluation temperature.
        corrected: Verdict after that solution went through the arm's own self-correction.
        faulted: Whether it found an error there.
        reviewed_solution_id: The HSFT student's solution that the arm reviewed to measure localisation.
        located_step: The first step (1-based) that it faulted there; None: none.
        located_correction: Its correction of that step.
    """

    arm: str
    problem_id: str
    greedy: VerdictStatus
    greedy_completion: str
    sampled: VerdictStatus
    sampled_completion: str
    corrected: VerdictStatus | None = None
    corrected_completion: str | None = None
    faulted: bool | None = None
    reviewed_solution_id: str | None = None
    located_step: int | None = None
    located_correction: str | None = None


class RepeatedItem(Record):
    """What one arm did with one hard problem, time and again; the solutions stand in the request store."""

    arm: str
    problem_id: str
    verdicts: tuple[VerdictStatus, ...]


class Decision(Record):
    """What a person decided about a teacher's correction; of several about one, the last holds.

    Attributes:
        errors: The set of errors that the correction is of, such as `errors`.
        cause: As edited, like the two after it. None: not edited.
        decided_at: When, in UTC, as ISO 8601.
    """

    correction_id: str
    errors: str
    action: DecisionAction
    cause: str | None = None
    correction: str | None = None
    corrected_answer: str | None = None
    reviewer: str
    decided_at: str


class Rejection(Record):
    """What a stage refused, and why. `in = kept + Σ rejected by reason` holds for every stage."""

    stage: str
    item_id: str
    reason: str
    detail: str = ""
