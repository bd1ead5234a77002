"""Pairs: the teacher's words against the student's, in the layouts of one arm (section 4.2)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from supercorrect.arms import PreferenceArm
from supercorrect.context import StageContext
from supercorrect.decisions import Decisions, read_decided
from supercorrect.models.engines import open_student
from supercorrect.pair_layouts import Lesson, NoPair, PairLayouts, Sides
from supercorrect.records import PLAIN_LAYOUTS, OwnCorrection, Pair, PairLayout, Problem, Rejection, Solution, make_id
from supercorrect.run_folder import StageCounts
from supercorrect.training.pair_lint import pair_length
from supercorrect.training.rendering import Tokenizer, decode_tokens


def run(context: StageContext, arm: PreferenceArm, decisions: Decisions) -> tuple[StageCounts, list[Path]]:
    """Write the arm's pairs; those of `cross_dpo` are `data/pairs/train.jsonl`."""
    lessons, refused = read_lessons(context, arm, decisions)
    pairs: list[Pair] = []
    rejections: list[Rejection] = []
    opened = closing(open_student(context.student_model(arm.start), context.recipe.student))
    with opened as student, context.reporter.task(context.stage, total=len(lessons)) as task:
        layouts = PairLayouts(student, arm.start, context.recipe.prompts)
        for number, (layout, lesson) in enumerate(lessons, 1):
            corrected = lesson.correction.correction_id if lesson.correction else lesson.solution.solution_id
            sides = refused.get(corrected) or layouts.build(layout, lesson)
            pair_id = make_id("pair", layout, corrected, lesson.own.own_correction_id if lesson.own else "")
            if isinstance(sides, Sides):
                pairs.append(name_pair(pair_id, layout, lesson, sides, student.tokenizer))
            else:
                rejections.append(Rejection(stage=context.stage, item_id=pair_id, reason=sides, detail=layout))
            task.update(number)
    most = context.recipe.training_of(arm.name).max_length
    pairs, conflicting = settle_conflicts(pairs, most, stage=context.stage)
    rejections += conflicting
    outputs = [context.folder.write(arm.pairs, pairs), context.folder.write_rejects(context.stage, rejections)]
    return StageCounts.of(len(lessons), rejections), outputs


def read_lessons(
    context: StageContext, arm: PreferenceArm, decisions: Decisions
) -> tuple[list[tuple[PairLayout, Lesson]], dict[str, NoPair]]:
    """Every pair that the arm's layouts ask for: one a corrected error, or one a step that the student reviewed.

    Returns:
        The lessons, with corrections as people edited them, and which corrections they refused, by id.
    """
    name = arm.errors.name
    problems = {p.problem_id: p for p in context.folder.read(f"problems/{arm.errors.split}", Problem)}
    solutions = {s.solution_id: s for s in context.folder.read(f"solutions/{name}", Solution)}
    decided = read_decided(context, name, arm.errors.split, decisions)
    lessons = {
        c.correction_id: Lesson(problems[c.problem_id], solutions[c.solution_id], c) for c in decided.corrections
    }
    wanted: list[tuple[PairLayout, Lesson]] = [
        (layout, lesson) for layout in PLAIN_LAYOUTS if layout in arm.layouts for lesson in lessons.values()
    ]
    for own in context.folder.read(f"own_corrections/{name}", OwnCorrection):
        correction = lessons[own.correction_id].correction if own.correction_id else None
        lesson = Lesson(problems[own.problem_id], solutions[own.solution_id], correction, own)
        is_wrong = correction is not None and own.step == correction.first_error_step
        reviews: tuple[PairLayout, ...] = ("correction", "wrong_step") if is_wrong else ("right_step",)
        wanted += [(layout, lesson) for layout in reviews if layout in arm.layouts]
    return wanted, decided.refused


def settle_conflicts(pairs: list[Pair], max_length: int | None, *, stage: str) -> tuple[list[Pair], list[Rejection]]:
    """Leave out what several samples of one problem can bring about, and what is too long; nothing is truncated.

    Args:
        pairs: In order; of equal ones the first stays.
        max_length: The most tokens of prompt and longer side together; None: any.
        stage: Named in the rejections.
    """
    chosen = {(pair.prompt_ids, pair.chosen_ids) for pair in pairs}
    seen: set[tuple[tuple[int, ...], ...]] = set()
    kept: list[Pair] = []
    rejections: list[Rejection] = []
    for pair in pairs:
        tokens = (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids)
        reason = "duplicate" if tokens in seen else ""
        if (pair.prompt_ids, pair.rejected_ids) in chosen:
            reason = "rejected_is_chosen_elsewhere"
        if max_length is not None and pair_length(pair) > max_length:
            reason = "too_long"
        seen.add(tokens)
        if reason:
            rejections.append(Rejection(stage=stage, item_id=pair.pair_id, reason=reason, detail=pair.layout))
        else:
            kept.append(pair)
    return kept, rejections


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
