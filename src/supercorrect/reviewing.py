"""The student checks a solution step by step: the ungrounded correction of section 4.2, and self-correction.

The correction trace is written together: its restated steps are the solution's own tokens, and behind each step the
student either closes it or writes `<Cause>` and `<Correction>`. The reference solution is never part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from supercorrect.config import SamplingConfig
from supercorrect.formats import StepSpan, close_step, open_step, parse_step_review, render_steps, split_steps
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.student import Student, TokenCompletion
from supercorrect.records import Solution
from supercorrect.store import RequestStore
from supercorrect.training.rendering import (
    chat_prompt_ids,
    cut_tokens,
    decode_tokens,
    end_of_turn_id,
    text_ids,
    user_message,
)


@dataclass(frozen=True)
class WrittenSolution:
    """A solution as its reader needs it: the problem, the student's words, and the very tokens they came from."""

    problem: str
    text: str
    token_ids: tuple[int, ...]

    @cached_property
    def steps(self) -> list[StepSpan]:
        """Its steps, in order."""
        return split_steps(self.text)


def as_written(student: Student, name: str, problem: str, solution: Solution) -> WrittenSolution:
    """A solution in the tokens of one student, called `name`: those it sampled, or what it makes of another's text."""
    if solution.student == name:
        return WrittenSolution(problem, solution.completion, solution.completion_token_ids)
    ended = [end_of_turn_id(student.tokenizer)] if solution.finish_reason == "stop" else []
    return WrittenSolution(problem, solution.completion, (*text_ids(student.tokenizer, solution.completion), *ended))


@dataclass(frozen=True)
class Finding:
    """The first step (1-based) that a reader faulted in a solution, and what it wrote instead."""

    step: int
    cause: str | None
    correction: str | None


@dataclass(frozen=True)
class StepPrefix:
    """What stands before a step, as the student's own tokens, and the white space that a new step begins with."""

    token_ids: list[int]
    separator: str


def prefix_before_step(student: Student, solution: WrittenSolution, step: int) -> StepPrefix | None:
    """The student's own tokens up to `step` (1-based); None where no token ends there."""
    spans = solution.steps
    start = spans[step - 1].start
    for end in (start, spans[step - 2].end if step > 1 else 0):
        ids = cut_tokens(student.tokenizer, solution.token_ids, end)
        if ids is not None:
            begun = len(decode_tokens(student.tokenizer, ids))
            return StepPrefix(ids, solution.text[begun:start])
    return None


def prefix_within_step(student: Student, solution: WrittenSolution, step: int) -> list[int] | None:
    """The student's own tokens through the words of `step` (1-based), which is left open; None: no token ends there."""
    return cut_tokens(student.tokenizer, solution.token_ids, _end_within(solution, step))


def _end_within(solution: WrittenSolution, step: int) -> int:
    span = solution.steps[step - 1]
    closing = solution.text.rfind("</", span.start, span.end)
    return len(solution.text[: closing if closing > span.start else span.end].rstrip())


def review_prompt(student: Student, template: str, solution: WrittenSolution, step: int) -> list[int]:
    """The correction prompt, and the trace restated up to `step` (1-based), which is left open."""
    own = prefix_within_step(student, solution, step)
    restated = own if own is not None else text_ids(student.tokenizer, solution.text[: _end_within(solution, step)])
    steps = render_steps([span.text for span in solution.steps])
    return chat_prompt_ids(student.tokenizer, user_message(template, problem=solution.problem, steps=steps)) + restated


def review_steps(
    student: Student,
    store: RequestStore | None,
    asked: Sequence[tuple[WrittenSolution, int]],
    template: str,
    sampling: SamplingConfig,
    *,
    seed: int,
    on_done: Callable[[int], None] | None = None,
) -> list[TokenCompletion]:
    """What the student writes behind each of the named steps (1-based), in order."""
    completions: dict[int, TokenCompletion] = {}
    for step in sorted({step for _, step in asked}):
        indices = [i for i, (_, k) in enumerate(asked) if k == step]
        prompts = [review_prompt(student, template, asked[i][0], step) for i in indices]
        sampled = sample_stored(student, store, prompts, sampling, seed=seed, stop=close_step(step).strip())
        completions.update(zip(indices, sampled, strict=True))
        if on_done:
            on_done(len(completions))
    return [completions[i] for i in range(len(asked))]


def find_first_errors(
    student: Student,
    store: RequestStore | None,
    solutions: Sequence[WrittenSolution],
    template: str,
    sampling: SamplingConfig,
    *,
    seed: int,
) -> list[Finding | None]:
    """The first step that the student faults in each solution; None: it lets all of them stand.

    Steps are asked about in order, and none behind the first that is faulted.
    """
    findings: dict[int, Finding] = {}
    counts = [len(solution.steps) for solution in solutions]
    for step in range(1, max(counts, default=0) + 1):
        asked = [i for i, count in enumerate(counts) if step <= count and i not in findings]
        completions = review_steps(student, store, [(solutions[i], step) for i in asked], template, sampling, seed=seed)
        for i, completion in zip(asked, completions, strict=True):
            review = parse_step_review(completion.text)
            if review.cause is not None or review.correction is not None:
                findings[i] = Finding(step, review.cause, review.correction)
    return [findings.get(i) for i in range(len(solutions))]


def rewrite_from(
    student: Student,
    store: RequestStore | None,
    solutions: Sequence[WrittenSolution],
    findings: Sequence[Finding | None],
    template: str,
    sampling: SamplingConfig,
    *,
    seed: int,
) -> list[str]:
    """The solutions after self-correction: from the faulted step on they are written anew.

    A solution in which nothing was faulted, or for which no correction was written, stays as it is.
    """
    texts = [solution.text for solution in solutions]
    begun: dict[int, tuple[list[int], str]] = {}
    for i, (solution, finding) in enumerate(zip(solutions, findings, strict=True)):
        if finding is None or not finding.correction:
            continue
        prefix = prefix_before_step(student, solution, finding.step)
        if prefix is not None:
            opening = prefix.separator + open_step(finding.step, finding.correction) + close_step(finding.step)
            ids = prefix.token_ids + text_ids(student.tokenizer, opening)
            message = user_message(template, problem=solution.problem)
            begun[i] = (chat_prompt_ids(student.tokenizer, message) + ids, decode_tokens(student.tokenizer, ids))
    completions = sample_stored(student, store, [ids for ids, _ in begun.values()], sampling, seed=seed)
    for (i, (_, opening)), completion in zip(begun.items(), completions, strict=True):
        texts[i] = opening + completion.text
    return texts
