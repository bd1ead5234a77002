"""A problem that is taken out of a split, and the one because of which it is."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.records import Problem, Rejection


@dataclass(frozen=True)
class Removal:
    """One removed problem.

    Attributes:
        reason: `duplicate`, `in_later_split`, `in_evaluation_set`, `shares_13_gram` or `near_duplicate`.
        other: The problem that stays.
        shown: What the two have in common, for a reader. Empty: their whole text.
    """

    problem: Problem
    reason: str
    other: Problem
    shown: str = ""

    def as_rejection(self, stage: str) -> Rejection:
        """This removal as a row of the stage's rejects."""
        detail = f"{self.problem.split}: {self.other.problem_id} in {self.other.split} ({self.other.source})"
        if self.shown:
            detail += f": {self.shown}"
        return Rejection(stage=stage, item_id=self.problem.problem_id, reason=self.reason, detail=detail)
