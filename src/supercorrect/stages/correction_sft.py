"""Correction SFT, a baseline: the student is fine-tuned on the teacher's correction traces, without any preference.

It sees the correction prompt with the student's wrong solution, and learns the whole trace; demonstrations of stage 1
are mixed in where Cross-DPO replays them, in the same proportion.
"""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

from supercorrect.arms import PreferenceArm
from supercorrect.context import StageContext
from supercorrect.decisions import Decisions, read_decided
from supercorrect.formats import parse_correction, render_correction, render_steps, split_steps
from supercorrect.manifest import StageCounts
from supercorrect.models.weights import load_tokenizer
from supercorrect.records import Demonstration, Problem, Rejection, Solution
from supercorrect.training.jobs import TrainingJob
from supercorrect.training.launching import train
from supercorrect.training.rendering import Tokenizer, TrainingRow, demonstration_row, training_row, user_message


def run(context: StageContext, arm: PreferenceArm, decisions: Decisions) -> tuple[StageCounts, list[Path]]:
    """Train for as many steps as Cross-DPO's first round, and leave `checkpoints/<arm>/model`."""
    start = context.student_model(arm.start)
    tokenizer = load_tokenizer(start)
    traces, rejections = render_traces(context, arm, decisions, tokenizer)
    folder = context.folder.model(arm.name).parent
    job = TrainingJob(
        start,
        traces + replayed_rows(context, arm, tokenizer, len(traces)),
        context.recipe.training_of(arm.name).without_pairs(
            context.folder.training_steps("cross_dpo"), context.recipe.hsft
        ),
        context.recipe.student,
        folder=folder,
        fingerprint=context.fingerprint,
        seed=context.seed,
        report_to=context.recipe.report_to,
    )
    with context.reporter.task(f"train {arm.name}", total=1) as task:
        train(job, context.recipe.hardware, task, context.cluster)
    outputs = [folder / "model", folder / "training.json", context.folder.write_rejects(context.stage, rejections)]
    return StageCounts.of(len(traces) + len(rejections), rejections), outputs


def render_traces(
    context: StageContext, arm: PreferenceArm, decisions: Decisions, tokenizer: Tokenizer
) -> tuple[list[TrainingRow], list[Rejection]]:
    """One row a correction that people did not refuse: the correction prompt, and the trace in canonical form."""
    problems = {p.problem_id: p for p in context.folder.read(f"problems/{arm.errors.split}", Problem)}
    solutions = {s.solution_id: s for s in context.folder.read(f"solutions/{arm.errors.name}", Solution)}
    rows: list[TrainingRow] = []
    rejections: list[Rejection] = []
    decided = read_decided(context, arm.errors.name, arm.errors.split, decisions)
    for correction in decided.corrections:
        reason = decided.refused.get(correction.correction_id)
        if reason:
            rejections.append(Rejection(stage=context.stage, item_id=correction.correction_id, reason=reason))
            continue
        steps = render_steps([span.text for span in split_steps(solutions[correction.solution_id].completion)])
        message = user_message(
            context.recipe.prompts.correction, problem=problems[correction.problem_id].problem, steps=steps
        )
        trace = parse_correction(correction.completion).record
        if trace is not None:
            rows.append(training_row(tokenizer, message, render_correction(trace)))
    return rows, rejections


def replayed_rows(context: StageContext, arm: PreferenceArm, tokenizer: Tokenizer, traces: int) -> list[TrainingRow]:
    """Demonstrations in the proportion in which Cross-DPO replays them beside its pairs."""
    config = context.recipe.training_of(arm.name)
    if config.replay_weight == 0:
        return []
    count = round(traces * config.replay_batch_size / config.per_device_batch_size)
    demonstrations = cycle(context.folder.read("hsft/train", Demonstration))
    return [demonstration_row(tokenizer, d) for d in islice(demonstrations, count)]
