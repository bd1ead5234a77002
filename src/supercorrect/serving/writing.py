"""Solutions by a student, whatever engine runs it: its tokens, its reviews step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event

from supercorrect.config import SamplingConfig
from supercorrect.errors import InputError
from supercorrect.evaluation.self_correction import StepReviewer
from supercorrect.evaluation.solvers import StudentSolver
from supercorrect.serving.batching import Batcher, SharedStudent
from supercorrect.serving.solving import Asked, Attempt, OnText
from supercorrect.student_profile import StudentProfile
from supercorrect.training.rendering import chat_prompt_ids, user_message


@dataclass(frozen=True)
class OpenStudent:
    """A student and how it is to be asked; opens a writer for each request.

    Attributes:
        context_tokens: The longest prompt and solution together. None: unknown.
    """

    batcher: Batcher
    profile: StudentProfile
    context_tokens: int | None = None

    @property
    def fingerprint(self) -> str:
        """Of its files."""
        return self.batcher.student.fingerprint

    def writer(self, cancelled: Event | None = None) -> StudentWriter:
        """Somebody to write one request's solutions; `cancelled` ends the work."""
        return StudentWriter(SharedStudent(self.batcher, cancelled), self.profile, self.context_tokens)


class StudentWriter:
    """Writes one request's solutions, and mends them step by step."""

    def __init__(self, student: SharedStudent, profile: StudentProfile, context_tokens: int | None) -> None:
        self._student = student
        self._profile = profile
        self._context_tokens = context_tokens
        self._prompt_tokens: int | None = None

    def write(self, asked: Asked, on_text: OnText | None) -> list[Attempt]:
        """See `Writer.write`.

        Raises:
            InputError: The problem is longer than the student can read.
        """
        message = user_message(self._profile.solving, problem=asked.problem)
        prompt = chat_prompt_ids(self._student.tokenizer, message)
        self._prompt_tokens = len(prompt)

        def tell(index: int, text: str) -> None:
            if on_text is not None:
                on_text(index, shown_so_far(text, asked.stops))

        written = self._student.sample(
            [prompt] * asked.samples,
            self._within_context(asked.sampling),
            seed=asked.seed,
            stop=asked.stops,
            on_text=tell,
        )
        return [Attempt(before_stops(one.text, asked.stops), one.finish_reason, one.token_ids) for one in written]

    def _within_context(self, sampling: SamplingConfig) -> SamplingConfig:
        """As long as is asked for, or as there is room behind the prompt."""
        if self._context_tokens is None or self._prompt_tokens is None:
            return sampling
        room = self._context_tokens - self._prompt_tokens
        if room < 1:
            raise InputError(
                f"the problem with its prompt has {self._prompt_tokens} tokens, and {self._student.name} reads "
                f"{self._context_tokens} with its solution; expected a shorter problem"
            )
        return sampling.model_copy(update={"max_new_tokens": min(sampling.max_new_tokens, room)})

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
                f"{self._student.name}: expected a student that can review, got {profile.arm!r}, which was never "
                "taught to; name a correction template to ask it all the same"
            )
        return StepReviewer(
            StudentSolver(self._student, None, seed=asked.seed),
            profile.solving,
            profile.correction,
            reviewing=SamplingConfig(max_new_tokens=profile.review_max_new_tokens),
            rewriting=SamplingConfig(max_new_tokens=asked.sampling.max_new_tokens),
        )


def before_stops(text: str, stops: Sequence[str]) -> str:
    """A text up to the first of `stops` in it."""
    return text[: min((place for stop in stops if (place := text.find(stop)) >= 0), default=len(text))]


def shown_so_far(text: str, stops: Sequence[str]) -> str:
    """What of an unfinished text is sure to stay: no half of a character, nothing that may begin one of `stops`."""
    sure = before_stops(text.rstrip("\ufffd"), stops)
    held = (n for stop in stops for n in range(1, len(stop)) if sure.endswith(stop[:n]))
    return sure[: len(sure) - max(held, default=0)]
