"""Solutions by a student that runs in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import cast

from supercorrect.config import SamplingConfig
from supercorrect.errors import InputError
from supercorrect.evaluation.self_correction import StepReviewer
from supercorrect.evaluation.solvers import StudentSolver
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.serving.batching import Batcher, SharedStudent
from supercorrect.serving.solving import Asked, Attempt, OnText
from supercorrect.student_profile import StudentProfile
from supercorrect.training.rendering import chat_prompt_ids, user_message


@dataclass(frozen=True)
class LocalStudent:
    """A student and how it is to be asked; opens a writer for each request."""

    batcher: Batcher
    profile: StudentProfile

    @property
    def fingerprint(self) -> str:
        """Of its files."""
        return self.batcher.student.fingerprint

    def writer(self, cancelled: Event | None = None) -> LocalWriter:
        """Somebody to write one request's solutions; `cancelled` ends the work."""
        return LocalWriter(SharedStudent(self.batcher, cancelled), self.profile)


class LocalWriter:
    """Writes one request's solutions, and mends them step by step."""

    def __init__(self, student: SharedStudent, profile: StudentProfile) -> None:
        self._student = student
        self._profile = profile
        self._prompt_tokens: int | None = None

    def write(self, asked: Asked, on_text: OnText | None) -> list[Attempt]:
        """See `Writer.write`."""
        message = user_message(self._profile.solving, problem=asked.problem)
        prompt = chat_prompt_ids(self._student.tokenizer, message)
        self._prompt_tokens = len(prompt)
        written = self._student.sample(
            [prompt] * asked.samples, asked.sampling, seed=asked.seed, stop=asked.stops, on_text=on_text
        )
        return [Attempt(one.text, one.finish_reason, one.token_ids) for one in written]

    def mend(self, asked: Asked, attempts: Sequence[Attempt]) -> list[Attempt]:
        """See `Writer.mend`.

        Raises:
            InputError: The student was never taught to review.
        """
        reviewer = self._reviewer(asked)
        solutions = [reviewer.written(asked.problem, one.completion, one.token_ids) for one in attempts]
        findings = reviewer.review(solutions)
        texts = reviewer.rewrite(solutions, findings)
        mended = []
        for attempt, finding, text in zip(attempts, findings, texts, strict=True):
            after = replace(attempt, finding=finding)
            if text != attempt.completion:
                after = replace(after, completion=text, first=attempt.completion, token_ids=None)
            mended.append(after)
        return mended

    def usage(self) -> tuple[int | None, int | None]:
        """See `Writer.usage`."""
        return self._prompt_tokens, self._student.written_tokens

    def _reviewer(self, asked: Asked) -> StepReviewer:
        profile = self._profile
        if profile.correction is None:
            raise InputError(
                f"{self._student.name}: expected a student that can review its solutions, got the arm {profile.arm!r}, "
                "which was never taught to"
            )
        return StepReviewer(
            StudentSolver(cast(TransformersStudent, self._student), None, seed=asked.seed),
            profile.solving,
            profile.correction,
            reviewing=SamplingConfig(max_new_tokens=profile.review_max_new_tokens),
            rewriting=SamplingConfig(max_new_tokens=asked.sampling.max_new_tokens),
        )
