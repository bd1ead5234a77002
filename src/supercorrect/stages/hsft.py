"""HSFT: the student learns from the teacher's thoughts (section 4.1). Also its baseline and its control.

`sft` learns from the reference solutions as they are; `hsft_continued` goes on with HSFT for as many optimiser steps as
Cross-DPO takes, so that more training alone explains nothing; a control does so with demonstrations made for it;
`hsft_<style>` learns the same thoughts in other dress.
"""

from __future__ import annotations

from pathlib import Path

from supercorrect.arms import control_arms, prompt_of, round_arms, style_arms
from supercorrect.config import SupervisedConfig
from supercorrect.context import StageContext
from supercorrect.formats import render_styled
from supercorrect.manifest import StageCounts
from supercorrect.models.weights import load_tokenizer
from supercorrect.records import Demonstration, Problem, Thought
from supercorrect.training.jobs import TrainingJob
from supercorrect.training.launching import train
from supercorrect.training.rendering import Tokenizer, TrainingRow, demonstration_row, training_row, user_message


def run(context: StageContext, arm: str) -> tuple[StageCounts, list[Path]]:
    """Train one arm and leave it in `checkpoints/<arm>/model`."""
    control = control_arms(context.recipe).get(arm)
    start = context.student_model("hsft" if arm == "hsft_continued" else control.start if control else "base")
    rows = render_rows(context, arm, start)
    config = training_config(context, arm)
    folder = context.folder.model(arm).parent
    job = TrainingJob(
        start,
        rows,
        config,
        context.recipe.student,
        folder=folder,
        fingerprint=context.fingerprint,
        seed=context.seed,
        report_to=context.recipe.report_to,
    )
    with context.reporter.task(f"train {arm}", total=1) as task:
        train(job, context.recipe.hardware, task, context.cluster)
    return StageCounts(inputs=len(rows), kept=len(rows)), [folder / "model", folder / "training.json"]


def render_rows(context: StageContext, arm: str, model: str) -> list[TrainingRow]:
    """What the arm learns from, as tokens."""
    tokenizer = load_tokenizer(model, context.recipe.student.revision)
    if arm == "sft":
        template = context.recipe.prompts.plain
        problems = context.folder.read("problems/hsft", Problem)
        return [
            training_row(tokenizer, user_message(template, problem=p.problem), p.reference_solution) for p in problems
        ]
    if arm in style_arms(context.recipe):
        return _styled_rows(context, arm, tokenizer)
    control = control_arms(context.recipe).get(arm)
    own = context.folder.read(f"hsft/{arm}", Demonstration) if control else []
    shared = [] if control and control.teacher else context.folder.read("hsft/train", Demonstration)
    return [demonstration_row(tokenizer, demonstration) for demonstration in (*shared, *own)]


def _styled_rows(context: StageContext, arm: str, tokenizer: Tokenizer) -> list[TrainingRow]:
    problems = {p.problem_id: p.problem for p in context.folder.read("problems/hsft", Problem)}
    style, template = style_arms(context.recipe)[arm], prompt_of(context.recipe, arm)
    return [
        training_row(tokenizer, user_message(template, problem=problems[t.problem_id]), render_styled(t.thought, style))
        for t in context.folder.read("thoughts/hsft", Thought)
    ]


def training_config(context: StageContext, arm: str) -> SupervisedConfig:
    """The arm's training section.

    What goes on after HSFT takes Cross-DPO's, with its steps over all rounds; another teacher's student has the steps
    of both stages.
    """
    recipe, control = context.recipe, control_arms(context.recipe).get(arm)
    if arm != "hsft_continued" and control is None:
        return recipe.sft if arm == "sft" else recipe.hsft
    steps = sum(context.folder.training_steps(round_arm.name) for round_arm in round_arms(recipe))
    if control is None or control.fresh:
        return recipe.cross_dpo.without_pairs(steps, recipe.hsft)
    return recipe.hsft.model_copy(update={"max_steps": steps + context.folder.training_steps("hsft")})
