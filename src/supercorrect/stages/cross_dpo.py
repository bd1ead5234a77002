"""Cross-DPO: the student learns to prefer the teacher's correction to its own (section 4.2, Eq. 8)."""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.models.transformers_student import load_tokenizer
from supercorrect.records import Demonstration, Pair
from supercorrect.run_folder import StageCounts
from supercorrect.training.rendering import training_row


def run(context: StageContext) -> tuple[StageCounts, list[Path]]:
    """Train from the HSFT student, which is also the reference, and leave `checkpoints/cross_dpo/model`."""
    from supercorrect.training.cross_dpo import train_cross_dpo

    pairs = context.folder.read("pairs/train", Pair)
    model = context.student_model("hsft")
    tokenizer = load_tokenizer(model)
    demonstrations = context.folder.read("hsft/train", Demonstration)
    replay = [training_row(tokenizer, d.messages[0].content, d.messages[-1].content) for d in demonstrations]
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
