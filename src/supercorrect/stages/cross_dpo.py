"""Cross-DPO: the student learns to prefer the teacher's correction to its own (section 4.2, Eq. 8)."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

from supercorrect.arms import PreferenceArm, lessons_of
from supercorrect.config import CrossDPOConfig
from supercorrect.context import StageContext
from supercorrect.decisions import Decisions, read_decided
from supercorrect.errors import TrainingDataError
from supercorrect.manifest import StageCounts
from supercorrect.models.weights import load_tokenizer
from supercorrect.records import Demonstration, Pair, Problem, Rejection
from supercorrect.store import move_into_place, write_json_atomic
from supercorrect.student_profile import PROFILE_FOLDER
from supercorrect.training.jobs import TrainingJob
from supercorrect.training.launching import train
from supercorrect.training.lora import ADAPTER_FOLDER
from supercorrect.training.pair_conflicts import Conflicts, settle_conflicts
from supercorrect.training.pair_lint import Finding, lint_pairs
from supercorrect.training.rendering import demonstration_row, end_of_turn_id


def run(context: StageContext, arm: PreferenceArm, decisions: Decisions) -> tuple[StageCounts, list[Path]]:
    """Train from the arm's first student, which is also the reference, and leave `checkpoints/<arm>/model`."""
    pairs, left_out = gather_pairs(context, arm)
    model = context.student_model(arm.start)
    folder = context.folder.model(arm.name).parent
    if not pairs and arm.name != "cross_dpo":
        context.reporter.say(f"{arm.name}: no pairs in {context.folder.data(arm.pairs)}; it stays what {arm.start} is")
        return StageCounts(), leave_untrained(Path(model), folder)
    tokenizer = load_tokenizer(model)
    findings = find_faults(context, arm, pairs, decisions, end_of_turn_id(tokenizer))
    write_json_atomic(
        folder / "findings.json", {"forced": context.force, "findings": [asdict(finding) for finding in findings]}
    )
    demonstrations = context.folder.read("hsft/train", Demonstration)
    replay = [demonstration_row(tokenizer, d) for d in demonstrations]
    job = TrainingJob(
        model,
        replay,
        training_config(context, arm),
        context.recipe.student,
        folder=folder,
        fingerprint=context.fingerprint,
        seed=context.seed,
        report_to=context.recipe.report_to,
        pairs=pairs,
    )
    with context.reporter.task(f"train {arm.name}", total=1) as task:
        train(job, context.recipe.hardware, task, context.cluster)
    outputs = [folder / "model", folder / "training.json", folder / "findings.json"]
    if left_out:
        outputs.append(context.folder.write_rejects(context.stage, left_out))
    return StageCounts.of(len(pairs) + len(left_out), left_out), outputs


def gather_pairs(context: StageContext, arm: PreferenceArm) -> tuple[list[Pair], list[Rejection]]:
    """The arm's pairs, and what of several rounds cannot stand together; one round's were settled by its own stage."""
    lessons = lessons_of(context.recipe, arm)
    pairs = [pair for taught in lessons for pair in context.folder.read(taught.pairs, Pair)]
    rejections: list[Rejection] = []
    if len(lessons) > 1:
        conflicts = Conflicts(max_length=None)
        noted = [conflicts.note(pair) for pair in pairs]
        pairs = list(settle_conflicts(noted, conflicts, rejections, stage=context.stage))
    return pairs, rejections


def training_config(context: StageContext, arm: PreferenceArm) -> CrossDPOConfig:
    """The arm's training section; a comparison takes as many steps as Cross-DPO, unless it says how many."""
    recipe = context.recipe
    config, comparison = recipe.training_of(arm.name), recipe.comparisons.get(arm.name)
    if comparison is None or {"max_steps", "num_epochs"} & set(comparison.cross_dpo):
        return config
    return config.model_copy(update={"max_steps": context.folder.training_steps("cross_dpo")})


def leave_untrained(start: Path, folder: Path) -> list[Path]:
    """Where a comparison or a later round has nothing to learn: the student as it was, and no step."""
    unfinished = folder / "model.unfinished"
    for left_over in (unfinished, folder / "model"):
        shutil.rmtree(left_over, ignore_errors=True)
    shutil.copytree(start, unfinished, ignore=shutil.ignore_patterns(PROFILE_FOLDER, ADAPTER_FOLDER))
    move_into_place(unfinished, folder / "model")
    write_json_atomic(folder / "training.json", {"steps": 0, "log": []})
    return [folder / "model", folder / "training.json"]


def find_faults(
    context: StageContext, arm: PreferenceArm, pairs: list[Pair], decisions: Decisions, end_id: int
) -> list[Finding]:
    """What the pairs would teach besides what they are for; it is said, logged and kept beside the model.

    Raises:
        TrainingDataError: Something blocks the training, and the run was not started with `--force`.
    """
    errors = {taught.errors.name: taught.errors for taught in lessons_of(context.recipe, arm)}
    decided = [read_decided(context, one.name, one.split, decisions) for one in errors.values()]
    corrections = [correction for one in decided for correction in one.corrections]
    problems = context.folder.read(f"problems/{arm.errors.split}", Problem)
    findings = lint_pairs(
        pairs,
        end_id=end_id,
        max_length=context.recipe.training_of(arm.name).max_length,
        causes={c.correction_id: c.cause for c in corrections},
        answers={p.problem_id: p.reference_answer for p in problems},
    )
    for finding in findings:
        context.reporter.say(f"{arm.pairs}: {finding}")
        context.folder.log_event("finding", check=finding.check, pairs=list(finding.pair_ids))
    blocking = [str(finding) for finding in findings if finding.blocks]
    if blocking and not context.force:
        raise TrainingDataError(
            f"{context.folder.data(arm.pairs)}: expected pairs that teach what they are for, got "
            f"{'; '.join(blocking)}. Mend what makes them, or start the same command with --force, which is recorded."
        )
    return findings
