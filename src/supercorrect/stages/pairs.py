"""Pairs: what the student should rather have written, against what it wrote (section 4.2).

Prefixes are the student's own sampled tokens, cut at a step boundary; what the teacher wrote is tokenised alone; no
side ends the turn, because a corrected step is not the end of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.formats import close_step, open_step, render_step_review
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.records import Correction, OwnCorrection, Pair, PairLayout, Problem, Rejection, Solution, make_id
from supercorrect.reviewing import WrittenSolution, prefix_before_step, review_prompt
from supercorrect.run_folder import StageCounts
from supercorrect.training.rendering import (
    Tokenizer,
    chat_prompt_ids,
    cut_tokens,
    decode_tokens,
    text_ids,
    user_message,
)


@dataclass(frozen=True)
class Sides:
    """A pair as tokens, before it has a name; a `reason` says why there is none."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]
    reason: str | None = None


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Write `data/pairs/train.jsonl`."""
    builder = PairBuilder(context)
    corrections = {c.correction_id: c for c in context.folder.read("corrections/errors", Correction)}
    own_corrections = context.folder.read("own_corrections/errors", OwnCorrection)
    layouts = context.recipe.pairs.layouts
    jobs: list[tuple[PairLayout, Correction, OwnCorrection | None]] = []
    if "continuation" in layouts:
        jobs += [("continuation", c, None) for c in corrections.values()]
    for own in own_corrections:
        correction = corrections[own.correction_id]
        layout: PairLayout = "correction" if own.step == correction.first_error_step else "right_step"
        if layout in layouts:
            jobs.append((layout, correction, own))
    pairs: list[Pair] = []
    rejections: list[Rejection] = []
    for layout, correction, reviewed in jobs:
        outcome = builder.build(layout, correction, reviewed)
        (pairs if isinstance(outcome, Pair) else rejections).append(outcome)  # type: ignore[arg-type]
    outputs = [
        context.folder.write("pairs/train", pairs),
        context.folder.write_rejects(context.stage, rejections),
    ]
    return StageCounts.of(len(jobs), rejections), outputs


class PairBuilder:
    """Builds the pairs of each layout from a solution, its correction, and the student's own."""

    def __init__(self, context: StageContext) -> None:
        self._context = context
        self._student = TransformersStudent(context.student_model("hsft"), context.recipe.student)
        self._prompts = context.recipe.prompts
        self._problems = {p.problem_id: p.problem for p in context.folder.read("problems/errors", Problem)}
        self._solutions = {s.solution_id: s for s in context.folder.read("solutions/errors", Solution)}

    def build(self, layout: PairLayout, correction: Correction, own: OwnCorrection | None) -> Pair | Rejection:
        """One pair, or why there is none."""
        solution = self._solutions[correction.solution_id]
        written = WrittenSolution(
            self._problems[correction.problem_id], solution.completion, solution.completion_token_ids
        )
        sides = self._continuation(written, correction) if own is None else self._review(written, correction, own)
        step = correction.first_error_step if own is None else own.step
        if sides.reason is None and sides.chosen == sides.rejected:
            reason = "student_was_right" if layout != "continuation" else "same_tokens"
            sides = Sides([], [], [], reason)
        pair_id = make_id("pair", layout, correction.correction_id, own.own_correction_id if own else "")
        if sides.reason is not None:
            return Rejection(stage=self._context.stage, item_id=pair_id, reason=sides.reason, detail=layout)
        tokenizer = self._student.tokenizer
        return Pair(
            pair_id=pair_id,
            problem_id=correction.problem_id,
            solution_id=correction.solution_id,
            correction_id=correction.correction_id,
            own_correction_id=own.own_correction_id if own else None,
            layout=layout,
            first_error_step=correction.first_error_step,
            step=step,
            prompt=str(tokenizer.decode(sides.prompt)),
            chosen=decode_tokens(tokenizer, sides.chosen),
            rejected=decode_tokens(tokenizer, sides.rejected),
            prompt_ids=tuple(sides.prompt),
            chosen_ids=tuple(sides.chosen),
            rejected_ids=tuple(sides.rejected),
        )

    def _continuation(self, written: WrittenSolution, correction: Correction) -> Sides:
        """After the problem and the right steps: the corrected step against the student's wrong one."""
        step = correction.first_error_step
        tokenizer = self._student.tokenizer
        prefix = prefix_before_step(self._student, written, step)
        through = cut_tokens(tokenizer, written.token_ids, written.steps[step - 1].end)
        if prefix is None or through is None:
            return Sides([], [], [], "no_token_boundary")
        message = user_message(self._prompts.hierarchical, problem=written.problem)
        chosen = prefix.separator + open_step(step, correction.correction) + close_step(step)
        return Sides(
            chat_prompt_ids(tokenizer, message) + prefix.token_ids,
            text_ids(tokenizer, chosen),
            through[len(prefix.token_ids) :],
        )

    def _review(self, written: WrittenSolution, correction: Correction, own: OwnCorrection) -> Sides:
        """After the correction prompt and the steps up to one: the teacher's judgement of it against the student's."""
        tokenizer = self._student.tokenizer
        is_wrong_step = own.step == correction.first_error_step
        judgement = (
            render_step_review(own.step, correction.cause, correction.correction)
            if is_wrong_step
            else close_step(own.step)
        )
        prompt = review_prompt(self._student, self._prompts.correction, written, own.step)
        if is_wrong_step and own.correction is not None and own.correction == correction.correction:
            return Sides([], [], [], "student_was_right")
        ends = ("</Step",) if is_wrong_step else ("<Cause", "</Step")
        return Sides(prompt, text_ids(tokenizer, judgement), _through_first_tag(tokenizer, own, ends))


def _through_first_tag(tokenizer: Tokenizer, own: OwnCorrection, tags: tuple[str, ...]) -> list[int]:
    """The student's tokens up to the first of these tags, that tag included; all of them if it wrote none.

    A step ends where the student closes it, under whatever number. A false alarm ends where it begins: to raise it was
    the mistake. Were the rest of it in the pair, the loss could fall by making that rest unlikely, and it does.
    """
    found = [place for place in (own.completion.find(tag) for tag in tags) if place >= 0]
    end = own.completion.find(">", min(found)) + 1 if found else 0
    cut = cut_tokens(tokenizer, own.completion_token_ids, end) if end else None
    return cut if cut is not None else list(own.completion_token_ids)
