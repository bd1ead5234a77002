"""One problem solved: written, mended where the student finds a fault, voted on; whoever writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

from supercorrect.config import SamplingConfig
from supercorrect.formats import parse_thought
from supercorrect.grading import Grader, extract_answer
from supercorrect.metrics import Answer, find_majority, same_answers
from supercorrect.reviewing import Finding
from supercorrect.serving.modes import Mode
from supercorrect.student_profile import StudentProfile

OnText = Callable[[int, str], None]
"""Is told which solution (from 0), and all that stands in it so far."""


@dataclass(frozen=True)
class Asked:
    """A problem, and how it is to be solved.

    Attributes:
        samples: Solutions to write. More than `mode.votes` are only asked for where nobody votes.
        seed: Decides what is drawn, alone or among others.
        stops: Texts at which a solution ends.
    """

    problem: str
    mode: Mode
    sampling: SamplingConfig
    seed: int = 0
    samples: int = 1
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """One solution.

    Attributes:
        completion: As it stands in the end.
        finish_reason: Of what was written first; `length`: it was cut. None: the engine did not say.
        token_ids: The ids that were sampled. None: not known, or no longer those of `completion`.
        finding: What self-correction found. None: nothing, or it was not asked for.
        first: What stood there before it was mended. None: nothing was.
    """

    completion: str
    finish_reason: str | None
    token_ids: tuple[int, ...] | None = None
    finding: Finding | None = None
    first: str | None = None

    @property
    def answer(self) -> str | None:
        """Its final answer; None: it gives none."""
        found = extract_answer(self.completion)
        return found.text if found else None


@dataclass(frozen=True)
class Solved:
    """A problem and its solutions.

    Attributes:
        chosen: The solution whose answer stands, by its index.
        votes: For each solution the first one with the same answer, by its index; None: it has no vote.
        prompt_tokens: Of the problem's prompt.
        completion_tokens: Everything that was written for it, reviews and outvoted solutions included.
    """

    asked: Asked
    attempts: tuple[Attempt, ...]
    chosen: int = 0
    votes: tuple[int | None, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def attempt(self) -> Attempt:
        """The solution whose answer stands."""
        return self.attempts[self.chosen]

    @property
    def shares(self) -> list[tuple[str, int]]:
        """Each different answer and how many voted for it, the most first, then the earliest."""
        leaders = sorted({vote for vote in self.votes if vote is not None})
        counted = [(self.attempts[leader].answer or "", self.votes.count(leader)) for leader in leaders]
        return sorted(counted, key=lambda one: -one[1])


class Writer(Protocol):
    """Whoever writes solutions and mends them."""

    def write(self, asked: Asked, on_text: OnText | None) -> list[Attempt]:
        """`asked.samples` solutions."""

    def mend(self, asked: Asked, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Each solution after one pass of self-correction."""

    def usage(self) -> tuple[int | None, int | None]:
        """Tokens of the prompt, and of all that was written. None: unknown."""


class ReadyStudent(Protocol):
    """A student that is ready to solve, wherever it runs."""

    @property
    def profile(self) -> StudentProfile:
        """How it is asked."""

    @property
    def fingerprint(self) -> str:
        """What tells it from any other."""

    def writer(self, cancelled: Event | None = None) -> Writer:
        """Somebody to write one request's solutions; `cancelled` ends the work."""


def can_solve(mode: Mode, profile: StudentProfile) -> bool:
    """Whether a student can be asked in a mode: one that was never taught to review cannot correct itself."""
    return not mode.self_correct or profile.correction is not None


def solve(asked: Asked, writer: Writer, grader: Grader, on_text: OnText | None = None) -> Solved:
    """Solve a problem.

    Args:
        on_text: Told what is written before it is mended.
    """
    attempts = writer.write(asked, on_text)
    if asked.mode.self_correct:
        attempts = writer.mend(asked, attempts)
    votes = (
        same_answers([Answer(one.answer, is_right=False) for one in attempts], grader) if asked.mode.votes > 1 else []
    )
    winner, _ = find_majority(votes)
    return Solved(asked, tuple(attempts), winner or 0, tuple(votes), *writer.usage())


def describe(solved: Solved, index: int | None = None) -> dict[str, Any]:
    """A solved problem as JSON: what `solve --json` prints, and the trace that a server sends.

    Args:
        index: The solution that is told of. None: the one whose answer stands.
    """
    chosen = solved.attempts[solved.chosen if index is None else index]
    thought = parse_thought(chosen.completion).record
    return {
        "problem": solved.asked.problem,
        "answer": chosen.answer,
        "completion": chosen.completion,
        "finish_reason": chosen.finish_reason,
        "steps": [step.model_dump(mode="json") for step in thought.steps] if thought else None,
        "generalized": thought.generalized if thought else None,
        "correction": _describe_correction(chosen),
        "votes": [{"answer": answer, "votes": count} for answer, count in solved.shares],
        "seed": solved.asked.seed if solved.asked.sampling.temperature > 0 else None,
        "token_ids": list(chosen.token_ids) if chosen.token_ids is not None else None,
    }


def _describe_correction(attempt: Attempt) -> dict[str, Any] | None:
    """The fault that was found, and the solution in which it stood."""
    if attempt.finding is None:
        return None
    found = attempt.finding
    first = attempt.first or attempt.completion
    return {"step": found.step, "cause": found.cause, "correction": found.correction, "first_completion": first}
