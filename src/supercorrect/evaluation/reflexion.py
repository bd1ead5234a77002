"""Reflexion (arXiv 2303.11366) as a baseline: try, reflect in words on the try, and try again with these words.

In Reflexion an evaluator decides whether there is another try. For its questions that is the reference answer, for its
programs tests that the model wrote itself. An oracle would make the comparison with self-correction unfair, so here the
model evaluates itself: its reflection ends in a verdict, and the second answer counts where that says that the first
was wrong. One reflection, one more try.

A student too small to reflect in words (the sandbox's) reviews its steps instead, in the format that it was taught; a
fault that it finds is its reflection, and its second try is another draw of the solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supercorrect.config import SamplingConfig
from supercorrect.evaluation.self_correction import Revised, StepReviewer
from supercorrect.evaluation.solvers import Solver, Written
from supercorrect.formats import parse_inspection
from supercorrect.training.rendering import user_message

RETRY_INDEX = 1_000_000
"""Which draw of the same prompt a second try without words is: one that no first try has."""


@dataclass(frozen=True)
class ReflexionPrompts:
    """The templates: of a solution, of a reflection on it, and of the second try."""

    solving: str
    reflection: str
    retry: str


def reflect_and_retry(
    solver: Solver,
    problems: Sequence[str],
    attempts: Sequence[Written],
    prompts: ReflexionPrompts,
    sampling: SamplingConfig,
    reflecting: SamplingConfig,
) -> list[Revised]:
    """What the model stands by after one reflection in words on each of its attempts.

    Args:
        sampling: Of the second try, as of the first.
        reflecting: Of the reflection.
    """
    asked = [
        user_message(prompts.reflection, problem=problem, solution=attempt.text)
        for problem, attempt in zip(problems, attempts, strict=True)
    ]
    reflections = solver.write(asked, reflecting)
    rejected = [i for i, written in enumerate(reflections) if parse_inspection(written.text).verdict == "revise"]
    messages = [
        user_message(
            prompts.retry,
            task=user_message(prompts.solving, problem=problems[i]),
            solution=attempts[i].text,
            reflection=parse_inspection(reflections[i].text).remarks or reflections[i].text,
        )
        for i in rejected
    ]
    failures = [attempt.failure or written.failure for attempt, written in zip(attempts, reflections, strict=True)]
    return _standing_by(attempts, dict(zip(rejected, solver.write(messages, sampling), strict=True)), failures)


def review_and_retry(
    reviewer: StepReviewer, problems: Sequence[str], attempts: Sequence[Written], sampling: SamplingConfig
) -> list[Revised]:
    """The same, by a student that reflects by reviewing its steps and tries again without words."""
    written = [reviewer.written(p, a.text, a.token_ids) for p, a in zip(problems, attempts, strict=True)]
    rejected = [i for i, finding in enumerate(reviewer.review(written)) if finding is not None]
    messages = [user_message(reviewer.solving, problem=problems[i]) for i in rejected]
    retries = reviewer.solver.write(messages, sampling, sample_index=RETRY_INDEX)
    return _standing_by(attempts, dict(zip(rejected, retries, strict=True)), [a.failure for a in attempts])


def _standing_by(
    attempts: Sequence[Written], retries: dict[int, Written], failures: Sequence[str | None]
) -> list[Revised]:
    standing = []
    for i, (attempt, failure) in enumerate(zip(attempts, failures, strict=True)):
        kept = retries.get(i, attempt)
        standing.append(Revised(kept.text, i in retries, kept.text, failure or kept.failure))
    return standing
