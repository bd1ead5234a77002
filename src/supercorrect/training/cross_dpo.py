"""Stage 2: cross-model DPO on the correction of the first wrong step (section 4.2, Eq. 8).

L(θ) = −E log σ( β·[log π_θ(a⁺,c⁺ | x; s_<k) − log π_ref(…)] − β·[log π_θ(a⁻,c⁻ | x; s_<k) − log π_ref(…)] )
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl import DPOConfig, DPOTrainer

from supercorrect.config import CrossDPOConfig, StudentConfig
from supercorrect.models.transformers_student import load_model, load_tokenizer
from supercorrect.progress import Task
from supercorrect.records import Pair
from supercorrect.training.arguments import trainer_arguments
from supercorrect.training.checkpoints import (
    CompletionMarker,
    StepReporter,
    claim_state,
    latest_complete,
    publish_model,
)
from supercorrect.training.preflight import check_pairs
from supercorrect.training.rendering import IGNORED_LABEL, TrainingRow
from supercorrect.training.supervised import write_training_summary


class CrossDPOTrainer(DPOTrainer):  # type: ignore[misc]
    """TRL's DPOTrainer on ready token ids, with an optional replay of stage 1 in each step.

    TRL would tokenise text: it closes a turn that ends in the middle, appends EOS to corrections that are no end, and
    shortens prompts whose last token merges with the completion. Token ids leave nothing to guess.
    """

    def __init__(self, *, replay: Replay | None = None, **kwargs: Any) -> None:
        self._replay = replay
        super().__init__(**kwargs)

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any) -> Any:
        """Eq. 8 on the pairs, plus the weighted loss of this step's replayed demonstrations."""
        loss = super().compute_loss(model, inputs, return_outputs, **kwargs)
        if self._replay is None or return_outputs:
            return loss
        batch = self._replay.batch(self.state.global_step).to(loss.device)
        replay_loss = model(**batch, use_cache=False).loss
        self._metrics["train"]["replay_loss"].append(replay_loss.item())
        return loss + self._replay.weight * replay_loss


class Replay:
    """Demonstrations of stage 1, shuffled once and walked through in order, a batch a step."""

    def __init__(self, rows: Sequence[TrainingRow], *, weight: float, batch_size: int, pad_id: int, seed: int) -> None:
        self.weight = weight
        self._rows = rows
        self._batch_size = batch_size
        self._pad_id = pad_id
        self._order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()

    def batch(self, step: int) -> Any:
        """The batch of one optimiser step; a resumed training sees the same one.

        Returns:
            `input_ids`, `attention_mask`, `labels`: [batch, longest], right-padded.
        """
        from transformers import BatchEncoding

        start = step * self._batch_size
        chosen = [self._rows[self._order[(start + i) % len(self._order)]] for i in range(self._batch_size)]
        width = max(len(row.input_ids) for row in chosen)
        pads = [width - len(row.input_ids) for row in chosen]
        return BatchEncoding(
            {
                "input_ids": torch.tensor(
                    [r.input_ids + [self._pad_id] * p for r, p in zip(chosen, pads, strict=True)]
                ),
                "attention_mask": torch.tensor(
                    [[1] * len(r.input_ids) + [0] * p for r, p in zip(chosen, pads, strict=True)]
                ),
                "labels": torch.tensor([r.labels + [IGNORED_LABEL] * p for r, p in zip(chosen, pads, strict=True)]),
            }
        )


def train_cross_dpo(
    model: str,
    pairs: Sequence[Pair],
    replay_rows: Sequence[TrainingRow],
    config: CrossDPOConfig,
    student: StudentConfig,
    *,
    folder: Path,
    fingerprint: str,
    seed: int,
    task: Task,
) -> int:
    """Train `model` (the HSFT student, which is also the reference π_ref) and leave the result in `folder/model`.

    Args:
        model: Folder of the HSFT student.
        pairs: Preference pairs as token ids.
        replay_rows: Demonstrations of stage 1, used where `config.replay_weight` is above 0.
        config: The training section.
        student: How students are loaded.
        folder: Receives `model/`, `training.json` and, while training, `state/`.
        fingerprint: Of the stage; checkpoints of another one are not resumed.
        seed: Of the order of pairs and of the replay.
        task: Shows the steps.

    Returns:
        Optimiser steps taken.

    Raises:
        TrainingDataError: The pairs would not train what they should.
    """
    check_pairs(pairs, config.max_length)
    tokenizer = load_tokenizer(model)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    state = folder / "state"
    claim_state(state, fingerprint)
    replay = (
        Replay(
            replay_rows,
            weight=config.replay_weight,
            batch_size=config.replay_batch_size,
            pad_id=tokenizer.pad_token_id,
            seed=seed,
        )
        if config.replay_weight > 0
        else None
    )
    trainer = CrossDPOTrainer(
        replay=replay,
        model=load_model(model, dtype=student.dtype).train(),
        args=_dpo_arguments(config, state, seed),
        train_dataset=Dataset.from_list(
            [p.model_dump(include={"prompt_ids", "chosen_ids", "rejected_ids"}) for p in pairs]
        ),
        processing_class=tokenizer,
        callbacks=[CompletionMarker(), StepReporter(task)],
    )
    trainer.remove_callback(PrinterCallback)
    checkpoint = latest_complete(state)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    publish_model(trainer, tokenizer, folder / "model")
    write_training_summary(folder, trainer)
    return int(trainer.state.global_step)


def _dpo_arguments(config: CrossDPOConfig, state: Path, seed: int) -> DPOConfig:
    with_sft = config.chosen_sft_weight > 0
    return DPOConfig(
        **trainer_arguments(config, output_dir=state, seed=seed),
        beta=config.beta,
        loss_type=["sigmoid", "sft"] if with_sft else ["sigmoid"],
        loss_weights=[1.0, config.chosen_sft_weight] if with_sft else [1.0],
        precompute_ref_log_probs=True,
    )
