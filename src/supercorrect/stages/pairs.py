"""Pairs: the teacher's words against the student's, in the layouts of one arm (section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path

from supercorrect.arms import PreferenceArm
from supercorrect.context import StageContext
from supercorrect.decisions import Decisions, read_decided
from supercorrect.manifest import StageCounts
from supercorrect.models.engines import open_student
from supercorrect.pair_layouts import Lesson, PairLayouts, Sides
from supercorrect.records import (
    PLAIN_LAYOUTS,
    Correction,
    OwnCorrection,
    Pair,
    PairLayout,
    Problem,
    Rejection,
    Solution,
    make_id,
)
from supercorrect.training.pair_conflicts import Conflicts, settle_conflicts
from supercorrect.training.rendering import Tokenizer, decode_tokens


def run(context: StageContext, arm: PreferenceArm, decisions: Decisions) -> tuple[StageCounts, list[Path]]:
    """Write the arm's pairs; those of `cross_dpo` are `data/pairs/train.jsonl`."""
    lessons = Lessons(context, arm, decisions)
    conflicts = Conflicts(context.recipe.training_of(arm.name).max_length)
    rejections: list[Rejection] = []
    candidates = f"{arm.pairs}.unfinished"  # what a killed run leaves behind is overwritten by the next
    opened = closing(open_student(context.student_model(arm.start), context.recipe.student))
    with opened as student, context.reporter.task(context.stage, total=lessons.count) as task:
        layouts = PairLayouts(student, arm.start, context.recipe.prompts)

        def build_pairs() -> Iterator[Pair]:
            for number, (layout, lesson) in enumerate(lessons, 1):
                corrected = lesson.correction.correction_id if lesson.correction else lesson.solution.solution_id
                sides = lessons.refused.get(corrected) or layouts.build(layout, lesson)
                pair_id = make_id("pair", layout, corrected, lesson.own.own_correction_id if lesson.own else "")
                if isinstance(sides, Sides):
                    yield conflicts.note(name_pair(pair_id, layout, lesson, sides, student.tokenizer))
                else:
                    rejections.append(Rejection(stage=context.stage, item_id=pair_id, reason=sides, detail=layout))
                task.update(number)

        context.folder.write(candidates, build_pairs())
    kept = settle_conflicts(context.folder.iterate(candidates, Pair), conflicts, rejections, stage=context.stage)
    written = context.folder.write(arm.pairs, kept)
    context.folder.data(candidates).unlink()
    return StageCounts.of(lessons.count, rejections), [written, context.folder.write_rejects(context.stage, rejections)]


class Lessons:
    """Every pair that the arm's layouts ask for: one a corrected error, or one a step that the student reviewed.

    Corrections are in memory, as people edited them; solutions and problems are read when their turn comes.

    Attributes:
        refused: The corrections that people refused, by id.
    """

    def __init__(self, context: StageContext, arm: PreferenceArm, decisions: Decisions) -> None:
        name, folder = arm.errors.name, context.folder
        self._layouts = arm.layouts
        self._problems = folder.index(f"problems/{arm.errors.split}", Problem, lambda p: p.problem_id)
        self._solutions = folder.index(f"solutions/{name}", Solution, lambda s: s.solution_id)
        decided = read_decided(context, name, arm.errors.split, decisions)
        self._corrections = {c.correction_id: c for c in decided.corrections}
        self._reviews = partial(folder.iterate, f"own_corrections/{name}", OwnCorrection)
        self.refused = decided.refused

    @cached_property
    def count(self) -> int:
        """How many there are."""
        plain = sum(layout in self._layouts for layout in PLAIN_LAYOUTS) * len(self._corrections)
        return plain + sum(len(self._layouts_of(own)) for own in self._reviews())

    def __iter__(self) -> Iterator[tuple[PairLayout, Lesson]]:
        for layout in PLAIN_LAYOUTS:
            if layout in self._layouts:
                for correction in self._corrections.values():
                    yield layout, self._lesson(correction.problem_id, correction.solution_id, correction)
        for own in self._reviews():
            reviewed = self._corrections.get(own.correction_id) if own.correction_id else None
            for layout in self._layouts_of(own):
                yield layout, self._lesson(own.problem_id, own.solution_id, reviewed, own)

    def _lesson(
        self, problem_id: str, solution_id: str, correction: Correction | None, own: OwnCorrection | None = None
    ) -> Lesson:
        return Lesson(self._problems[problem_id], self._solutions[solution_id], correction, own)

    def _layouts_of(self, own: OwnCorrection) -> list[PairLayout]:
        is_wrong = own.correction_id is not None and own.step == self._corrections[own.correction_id].first_error_step
        reviews: tuple[PairLayout, ...] = ("correction", "wrong_step") if is_wrong else ("right_step",)
        return [layout for layout in reviews if layout in self._layouts]


def name_pair(pair_id: str, layout: PairLayout, lesson: Lesson, sides: Sides, tokenizer: Tokenizer) -> Pair:
    """The record of a pair."""
    correction, own = lesson.correction, lesson.own
    return Pair(
        pair_id=pair_id,
        problem_id=lesson.problem.problem_id,
        solution_id=lesson.solution.solution_id,
        correction_id=correction.correction_id if correction else None,
        own_correction_id=own.own_correction_id if own else None,
        layout=layout,
        first_error_step=correction.first_error_step if correction else None,
        step=own.step if own else lesson.corrected.first_error_step,
        prompt=str(tokenizer.decode(sides.prompt)),
        chosen=decode_tokens(tokenizer, sides.chosen),
        rejected=decode_tokens(tokenizer, sides.rejected),
        prompt_ids=tuple(sides.prompt),
        chosen_ids=tuple(sides.chosen),
        rejected_ids=tuple(sides.rejected),
    )
