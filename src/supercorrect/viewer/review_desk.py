"""Where a person accepts, rejects or edits a correction; decisions go to the run's file and nowhere else."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast, get_args

from starlette.exceptions import HTTPException

from supercorrect.arms import HELD_OUT
from supercorrect.config import load_recipe
from supercorrect.decisions import append_decision, apply_decisions
from supercorrect.records import Correction, Decision, DecisionAction, Problem
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.index import RunIndex
from supercorrect.viewer.lineage import LineageReader
from supercorrect.visible_text import plain_text

_EDITED = ("cause", "correction", "corrected_answer")
_REFUSALS = {
    "review_unreadable": "Cause, correction and answer all need words, without tags of their own.",
    "review_answer_incorrect": "The answer is not the reference answer, so it would make no pair.",
    "review_answer_ungradable": "The answer cannot be graded, so it would make no pair.",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a form: where it was about, and why it was not taken (empty: it was)."""

    problem_id: str
    item_id: int
    refusal: str = ""


class ReviewDesk:
    """Takes decisions in one person's name."""

    def __init__(self, reviewer: str) -> None:
        self._reviewer = reviewer

    def next_undecided(self, connection: sqlite3.Connection, after: int) -> sqlite3.Row | None:
        """The next item behind `after`, then from the first on, whose correction waits; None: there is none left."""
        query = (
            "SELECT * FROM items WHERE correction_id IS NOT NULL AND decision IS NULL AND split != ? AND id > ? "
            "ORDER BY id LIMIT 1"
        )
        found = connection.execute(query, (HELD_OUT.split, after)).fetchone()
        return cast("sqlite3.Row | None", found or connection.execute(query, (HELD_OUT.split, 0)).fetchone())

    def decide(self, index: RunIndex, fields: dict[str, str]) -> Outcome:
        """Write down the decision that a form holds, if it can be honoured.

        Raises:
            HTTPException: The form is not one of ours, or names a correction that makes no pairs.
        """
        with index.reading() as connection:
            item = connection.execute(
                "SELECT * FROM items WHERE correction_id = ? AND split != ?",
                (fields.get("correction_id", ""), HELD_OUT.split),
            ).fetchone()
            if item is None or fields.get("action") not in get_args(DecisionAction):
                raise HTTPException(400, "Expected accept, reject or edit, for a correction that pairs are made from.")
            reader = LineageReader(index, connection)
            errors = connection.execute("SELECT name FROM records WHERE id = ?", (item["correction_row"],)).fetchone()[
                0
            ]
            correction = reader.by_row(item["correction_row"], Correction)
            problem = reader.by_row(item["problem_row"], Problem)
        decision = self._read(fields, correction, errors)
        outcome = Outcome(problem.problem_id, item["id"], _refusal(index, decision, correction, problem))
        if not outcome.refusal:
            append_decision(RunFolder(index.root), decision)
            index.refresh()
        return outcome

    def _read(self, fields: dict[str, str], correction: Correction, errors: str) -> Decision:
        edited: dict[str, Any] = {}
        if fields["action"] == "edit":
            edited = {name: _typed(fields.get(name, ""), str(getattr(correction, name))) for name in _EDITED}
        return Decision(
            correction_id=correction.correction_id,
            errors=errors,
            action=cast(DecisionAction, fields["action"]),
            reviewer=self._reviewer,
            decided_at=datetime.now(UTC).isoformat(timespec="seconds"),
            **edited,
        )


def _typed(text: str, shown: str) -> str:
    """What a person typed; a field that was left alone keeps the characters that a page only shows as codes."""
    text = text.replace("\r\n", "\n").strip()
    return shown if text == plain_text(shown).strip() else text


def _refusal(index: RunIndex, decision: Decision, correction: Correction, problem: Problem) -> str:
    """Why an edit would make no pair, in words; empty: it will."""
    if decision.action != "edit":
        return ""
    grading = load_recipe(index.root / "recipe.yaml").grading
    made = {decision.correction_id: decision}
    decided = apply_decisions([correction], made, {problem.problem_id: problem}, grading)
    reason = decided.refused.get(decision.correction_id)
    return _REFUSALS[reason] if reason else ""
