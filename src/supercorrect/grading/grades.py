"""The outcome of grading one completion."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.records import VerdictStatus


@dataclass(frozen=True, slots=True)
class Grade:
    """Right, wrong, or not gradable; never wrong because the checker failed.

    Attributes:
        extracted: The answer as the completion writes it; None where it gives none.
        extraction_rule: Which rule found it; None where none did, or where the answer was given as such.
        reason: Why it is ungradable: `no_answer`, `no_reference`, `too_long`, `timeout`, `memory`, `crashed`,
            `not_started`, `too_deep`, `unparsable_reference`, `unparsable_answer`, `undecided`, `checker_error: …`,
            `task_not_loaded: …`, `judge_…`. None exactly where it is correct or incorrect.
    """

    status: VerdictStatus
    extracted: str | None = None
    extraction_rule: str | None = None
    reason: str | None = None

    @property
    def is_correct(self) -> bool:
        """Whether the status is `correct`. Its opposite is not `incorrect`: see `status`."""
        return self.status == "correct"
