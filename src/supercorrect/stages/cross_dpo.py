"""Cross-DPO: the student learns to prefer the teacher's correction to its own (section 4.2, Eq. 8)."""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.models.transformers_student import load_tokenizer
from supercorrect.records import Correction, Demonstration, Pair, Problem
from supercorrect.run_folder import StageCounts
from supercorrect.training.pair_lint import lint_pairs
from supercorrect.training.rendering import end_of_turn_id, training_row


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Train from the HSFT student, which is also the reference, and leave `checkpoints/cross_dpo/model`."""
    from supercorrect.training.cross_dpo import train_cross_dpo

    pairs = context.folder.read("pairs/train", Pair)
    model = context.student_model("hsft")
    tokenizer = load_tokenizer(model)
    demonstrations = context.folder.read("hsft/train", Demonstration)
    replay = [training_row(tokenizer, d.messages[0].content, d.messages[-1].content) for d in demonstrations]
    report_findings(context, pairs, end_of_turn_id(tokenizer))
    folder = context.folder.model("cross_dpo").parent
    with context.reporter.task("train cross_dpo", total=1) as task:
        train_cross_dpo(
            model,
            pairs,
            replay,
            context.recipe.cross_dpo,
            context.recipe.student,
            folder=folder,
            fingerprint=context.fingerprint,
            seed=context.seed,
            task=task,
        )
    return StageCounts(inputs=len(pairs), kept=len(pairs)), [folder / "model", folder / "training.json"]


def report_findings(context: StageContext, pairs: list[Pair], end_id: int) -> None:
    """Say and log what the pairs would teach besides what they are for.

    What must never be trained on is refused after this, by the trainer's own pre-flight.
    """
    findings = lint_pairs(
        pairs,
        end_id=end_id,
        max_length=context.recipe.cross_dpo.max_length,
        causes={c.correction_id: c.cause for c in context.folder.read("corrections/errors", Correction)},
        answers={p.problem_id: p.reference_answer for p in context.folder.read("problems/errors", Problem)},
    )
    for finding in findings:
        context.reporter.say(f"pairs: {finding}")
        context.folder.log_event("finding", check=finding.check, pairs=list(finding.pair_ids))
