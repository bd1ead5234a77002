"""Supervised fine-tuning on demonstrations: stage 1 (HSFT, section 4.1), its plain baseline, and its continuation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

from supercorrect.config import StudentConfig, SupervisedConfig
from supercorrect.errors import ConfigError
from supercorrect.models.weights import load_tokenizer
from supercorrect.progress import Task
from supercorrect.training.arguments import trainer_arguments
from supercorrect.training.batch_order import LengthSampler
from supercorrect.training.checkpoints import (
    CompletionMarker,
    StepReporter,
    claim_state,
    latest_complete,
    publish_model,
    write_training_summary,
)
from supercorrect.training.completion_logps import sharing_obstacle
from supercorrect.training.loading import load_to_merge, load_to_train
from supercorrect.training.lora import adapter_config
from supercorrect.training.preflight import check_rows
from supercorrect.training.processes import this_process
from supercorrect.training.rendering import TrainingRow, end_of_turn_id


class SupervisedTrainer(SFTTrainer):  # type: ignore[misc]
    """TRL's trainer, with micro-batches of rows of like length."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.args.packing:
            return super()._get_train_sampler(train_dataset)
        rows = self.train_dataset if train_dataset is None else train_dataset
        return LengthSampler(
            [len(ids) for ids in rows["input_ids"]],
            global_batch_size=self.args.train_batch_size * self.args.gradient_accumulation_steps * self.args.world_size,
            seed=self.args.data_seed,
        )


def train_supervised(
    model: str,
    rows: Sequence[TrainingRow],
    config: SupervisedConfig,
    student: StudentConfig,
    *,
    folder: Path,
    fingerprint: str,
    seed: int,
    task: Task,
    report_to: Sequence[str] = (),
) -> int:
    """Fine-tune `model` on `rows` and leave the result in `folder/model`.

    A training that was killed goes on from its newest complete checkpoint. Under `accelerate launch` every process
    calls this.

    Args:
        model: Folder or hub id to begin with.
        rows: Demonstrations as tokens.
        config: The training section.
        student: How students are loaded.
        folder: Receives `model/`, `training.json` (steps and loss curve) and, while training, `state/`.
        fingerprint: Of the stage; checkpoints of another one are not resumed.
        seed: Of the order of rows.
        task: Shows the steps.
        report_to: What else shows the curves.

    Returns:
        Optimiser steps taken.

    Raises:
        TrainingDataError: The rows would not train what they should.
    """
    tokenizer = load_tokenizer(model, student.revision)
    check_rows(rows, end_of_turn_id(tokenizer), config.max_length)
    state = folder / "state"
    with this_process().main_process_first():
        claim_state(state, fingerprint)
    arguments = trainer_arguments(config, output_dir=state, seed=seed, report_to=report_to)
    student_model = load_to_train(model, config, student, student.revision)
    if config.packing:
        require_isolation(student_model)
    trainer = SupervisedTrainer(
        model=student_model,
        args=SFTConfig(
            **arguments,
            max_length=config.max_length if config.packing else None,
            packing=config.packing,
            completion_only_loss=False,
        ),
        train_dataset=Dataset.from_list([vars(row) for row in rows]),
        processing_class=tokenizer,
        peft_config=adapter_config(config.lora) if config.lora else None,
        callbacks=[CompletionMarker(), StepReporter(task)],
    )
    trainer.remove_callback(PrinterCallback)
    checkpoint = latest_complete(state)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    merge_into = partial(load_to_merge, model, config, student, student.revision) if config.lora else None
    publish_model(trainer, tokenizer, folder / "model", merge_into=merge_into)
    write_training_summary(folder, trainer)
    return int(trainer.state.global_step)


def require_isolation(model: Any) -> None:
    """Packed demonstrations are told apart by position ids alone, which only full attention heeds.

    Raises:
        ConfigError: This model would let them see each other.
    """
    obstacle = sharing_obstacle(model)
    if obstacle:
        raise ConfigError(f"packing: expected a model with full attention alone, but {obstacle}; leave packing out")
