"""Stage 2's training: cross-model DPO on the correction of the first wrong step (section 4.2, Eq. 8)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from transformers import PrinterCallback, TrainingArguments, set_seed

from supercorrect.config import CrossDPOConfig, StudentConfig
from supercorrect.models.weights import load_tokenizer, model_fingerprint
from supercorrect.progress import Task
from supercorrect.training.arguments import trainer_arguments
from supercorrect.training.checkpoints import (
    CompletionMarker,
    StepReporter,
    claim_state,
    latest_complete,
    publish_model,
    write_training_summary,
)
from supercorrect.training.completion_logps import try_sharing
from supercorrect.training.cross_dpo_trainer import CrossDPOTrainer
from supercorrect.training.loading import load_to_merge, load_to_train, trained_dtype
from supercorrect.training.lora import add_adapters
from supercorrect.training.preflight import check_pairs
from supercorrect.training.processes import this_process
from supercorrect.training.reference import TokenPair, reference_fingerprint, stored_reference
from supercorrect.training.rendering import TrainingRow
from supercorrect.training.replay import Replay


def train_cross_dpo(
    model: str,
    pairs: Sequence[TokenPair],
    replay_rows: Sequence[TrainingRow],
    config: CrossDPOConfig,
    student: StudentConfig,
    *,
    folder: Path,
    fingerprint: str,
    seed: int,
    task: Task,
    report_to: Sequence[str] = (),
) -> int:
    """Train `model` (the HSFT student, which is also the reference π_ref) and leave the result in `folder/model`.

    A training that was killed goes on from its newest complete checkpoint, and takes the very steps it would have
    taken. Under `accelerate launch` every process calls this.

    Args:
        model: Folder of the HSFT student.
        pairs: Preference pairs as token ids.
        replay_rows: Demonstrations of stage 1, used where `config.replay_weight` is above 0.
        config: The training section.
        student: How students are loaded.
        folder: Receives `model/`, `training.json`, `reference.json` and, while training, `state/`.
        fingerprint: Of the stage; checkpoints of another one are not resumed.
        seed: Of the order of pairs and of the replay.
        task: Shows the steps.
        report_to: What else shows the curves.

    Returns:
        Optimiser steps taken.

    Raises:
        TrainingDataError: The pairs would not train what they should.
    """
    check_pairs(pairs, config.max_length)
    state = folder / "state"
    with this_process().main_process_first():
        claim_state(state, fingerprint)
    set_seed(seed)
    policy = load_to_train(model, config, student)
    shared = try_sharing(policy)
    precision = f"{trained_dtype(config, student)}{' bf16' if config.bf16 else ''}"
    with torch.autocast(policy.device.type, torch.bfloat16, enabled=config.bf16):  # as the policy will compute
        reference = stored_reference(
            folder / "reference.json",
            policy,
            pairs,
            batch_size=config.per_device_batch_size,
            share=shared,
            fingerprint=reference_fingerprint(f"{model_fingerprint(model)} {precision}", pairs),
        )
    trainer = CrossDPOTrainer(
        model=add_adapters(policy, config.lora) if config.lora else policy,
        train_dataset=pairs,
        reference=reference,
        config=config,
        share=shared,
        replay=Replay(replay_rows, batch_size=config.replay_batch_size, seed=seed) if config.replay_weight else None,
        args=TrainingArguments(**trainer_arguments(config, output_dir=state, seed=seed, report_to=report_to)),
        callbacks=[CompletionMarker(), StepReporter(task)],
    )
    trainer.remove_callback(PrinterCallback)
    checkpoint = latest_complete(state)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    merge_into = partial(load_to_merge, model, config, student) if config.lora else None
    publish_model(trainer, load_tokenizer(model), folder / "model", merge_into=merge_into)
    write_training_summary(folder, trainer)
    return int(trainer.state.global_step)
