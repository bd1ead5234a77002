"""The layouts of preference pairs: what the student should rather have written, against what it wrote (section 4.2).

Prefixes are the student's own sampled tokens, cut at a step boundary; what the teacher wrote is tokenised alone. No
side ends the turn, because a corrected step is not the end of an answer; the layout `solution` alone does, on both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from supercorrect.config import PromptsConfig
from supercorrect.formats import (
    close_step,
    open_step,
    parse_correction,
    parse_thought,
    render_step_review,
    render_thought,
)
from supercorrect.models.student import Student
from supercorrect.records import Correction, OwnCorrection, PairLayout, ParsedThought, Problem, Solution, ThoughtStep
from supercorrect.reviewing import WrittenSolution, as_written, prefix_before_step, prefix_within_step, review_prompt
from supercorrect.training.rendering import chat_prompt_ids, cut_tokens, end_of_turn_id, text_ids, user_message


@dataclass(frozen=True)
class Sides:
    """A pair as tokens, before it has a name."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]


OPEN_FAULT = " <Cause>"
"""What a reader writes behind a step that it faults, to begin with."""
NoPair = str
"""The reason why there is none."""


@dataclass(frozen=True)
class Lesson:
    """A solution, the correction of its error, and for reviews what the student wrote about one of its steps.

    Attributes:
        correction: None: the solution was graded right, so the lesson is about leaving one of its steps alone.
    """

    problem: Problem
    solution: Solution
    correction: Correction | None
    own: OwnCorrection | None = None

    @property
    def corrected(self) -> Correction:
        """The correction, where there is one."""
        assert self.correction is not None, "only leaving a step alone is taught by a right solution"
        return self.correction


class PairLayouts:
    """Builds pairs for one student, in any layout.

    Args:
        name: The student's; what it sampled itself keeps its tokens, what others wrote gets those of its tokenizer.
    """

    def __init__(self, student: Student, name: str, prompts: PromptsConfig) -> None:
        self._student = student
        self._name = name
        self._tokenizer = student.tokenizer
        self._end_id = end_of_turn_id(student.tokenizer)
        self._prompts = prompts
        self._layouts: dict[PairLayout, Callable[[Lesson], Sides | NoPair]] = {
            "continuation": self._continuation,
            "correction": self._correction,
            "inline": self._inline,
            "right_step": self._right_step,
            "wrong_step": self._wrong_step,
            "solution": self._solution,
        }

    def build(self, layout: PairLayout, lesson: Lesson) -> Sides | NoPair:
        """The sides of one pair, or why there is none."""
        sides = self._layouts[layout](lesson)
        if isinstance(sides, Sides) and sides.chosen == sides.rejected:
            return "student_was_right" if layout in ("correction", "wrong_step") else "same_tokens"
        if isinstance(sides, Sides) and not sides.rejected:
            return "student_wrote_nothing"
        return sides

    def _continuation(self, lesson: Lesson) -> Sides | NoPair:
        """After the problem and the right steps (x; s_<k of Eq. 8): the corrected step against the wrong one."""
        step, written = lesson.corrected.first_error_step, self._written(lesson)
        prefix = prefix_before_step(self._student, written, step)
        through = cut_tokens(self._tokenizer, written.token_ids, written.steps[step - 1].end)
        if prefix is None or through is None:
            return "no_token_boundary"
        chosen = prefix.separator + open_step(step, lesson.corrected.correction) + close_step(step)
        rejected = through[len(prefix.token_ids) :]
        return Sides(self._asked(lesson) + prefix.token_ids, text_ids(self._tokenizer, chosen), rejected)

    def _inline(self, lesson: Lesson) -> Sides | NoPair:
        """After the problem, the right steps and the wrong one: cause and correction against what came next."""
        step, written = lesson.corrected.first_error_step, self._written(lesson)
        within = prefix_within_step(self._student, written, step)
        last = written.steps[min(step, len(written.steps) - 1)].end
        through = cut_tokens(self._tokenizer, written.token_ids, last)
        if within is None or through is None:
            return "no_token_boundary"
        chosen = render_step_review(step, lesson.corrected.cause, lesson.corrected.correction)
        rejected = through[len(within) :]
        return Sides(self._asked(lesson) + within, text_ids(self._tokenizer, chosen), rejected)

    def _solution(self, lesson: Lesson) -> Sides | NoPair:
        """After the problem: the whole corrected solution against the whole wrong one; both end the turn."""
        wrong = list(self._written(lesson).token_ids)
        if wrong[-1:] != [self._end_id]:
            return "solution_not_ended"
        chosen = [*text_ids(self._tokenizer, render_thought(corrected_thought(lesson))), self._end_id]
        return Sides(self._asked(lesson), chosen, wrong)

    def _correction(self, lesson: Lesson) -> Sides | NoPair:
        """After the correction prompt and the steps up to the wrong one: the teacher's review (Figure 2)."""
        own, correction = _own(lesson), lesson.corrected
        if own.correction is not None and own.correction == correction.correction:
            return "student_was_right"
        chosen = render_step_review(own.step, correction.cause, correction.correction)
        return self._review(lesson, chosen, ("</Step",))

    def _right_step(self, lesson: Lesson) -> Sides | NoPair:
        """After the correction prompt and a right step: leaving it against a false alarm, the student's or a begun one.

        The false alarm ends where it begins: to raise it was the mistake. Were the rest of it in the pair, the loss
        could fall by making that rest unlikely, and it does.
        """
        sides = self._review(lesson, close_step(_own(lesson).step), ("<Cause", "</Step"))
        let_stand = sides.chosen == sides.rejected
        return Sides(sides.prompt, sides.chosen, text_ids(self._tokenizer, OPEN_FAULT)) if let_stand else sides

    def _wrong_step(self, lesson: Lesson) -> Sides | NoPair:
        """After the correction prompt and the wrong step: faulting it against letting it stand, and nothing more.

        In `correction` the margin can grow on the words of the cause and the correction alone, while the student goes
        on letting the step stand, as `right_step` teaches it to do. This is the counterpart of `right_step`.
        """
        own = _own(lesson)
        if own.cause is not None or own.correction is not None:
            return "student_was_right"
        return self._review(lesson, OPEN_FAULT, ("</Step",))

    def _review(self, lesson: Lesson, chosen: str, ends: tuple[str, ...]) -> Sides:
        prompt = review_prompt(self._student, self._prompts.correction, self._written(lesson), _own(lesson).step)
        return Sides(prompt, text_ids(self._tokenizer, chosen), self._through_first_tag(_own(lesson), ends))

    def _written(self, lesson: Lesson) -> WrittenSolution:
        return as_written(self._student, self._name, lesson.problem.problem, lesson.solution)

    def _asked(self, lesson: Lesson) -> list[int]:
        return chat_prompt_ids(
            self._tokenizer, user_message(self._prompts.hierarchical, problem=lesson.problem.problem)
        )

    def _through_first_tag(self, own: OwnCorrection, tags: tuple[str, ...]) -> list[int]:
        """The student's tokens up to the first of these tags, that tag included; if it wrote none, all but the end.

        A step ends where the student closes it, under whatever number.
        """
        found = [place for place in (own.completion.find(tag) for tag in tags) if place >= 0]
        end = own.completion.find(">", min(found)) + 1 if found else 0
        cut = cut_tokens(self._tokenizer, own.completion_token_ids, end) if end else None
        return cut if cut is not None else [t for t in own.completion_token_ids if t != self._end_id]


def corrected_thought(lesson: Lesson) -> ParsedThought:
    """The student's solution with every wrong step as the teacher corrected it, and the teacher's answer."""
    trace = parse_correction(lesson.corrected.completion).record
    own = parse_thought(lesson.solution.completion).record
    return ParsedThought(
        steps=tuple(ThoughtStep(text=step.correction or step.text) for step in (trace.steps if trace else ())),
        generalized=own.generalized if own else None,
        answer=lesson.corrected.corrected_answer,
    )


def _own(lesson: Lesson) -> OwnCorrection:
    assert lesson.own is not None, "reviews are built from the student's own correction"
    return lesson.own
