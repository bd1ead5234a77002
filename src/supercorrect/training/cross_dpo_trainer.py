"""Transformers' Trainer with the loss of stage 2: Eq. 8 on token ids, each shared prefix encoded once."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Sampler
from transformers import Trainer, TrainingArguments

from supercorrect.config import CrossDPOConfig
from supercorrect.errors import ConfigError
from supercorrect.models.weights import load_model, load_tokenizer
from supercorrect.training.arguments import trainer_arguments
from supercorrect.training.batch_order import ProblemSampler
from supercorrect.training.completion_logps import PackedTrees, PaddedRows, TokenSequence, try_sharing
from supercorrect.training.cross_dpo_loss import cross_dpo_loss
from supercorrect.training.lora import add_adapters
from supercorrect.training.preferences import as_token_pairs
from supercorrect.training.preflight import check_pairs
from supercorrect.training.reference import ReferenceLogps, TokenPair, compute_reference, pair_sequences
from supercorrect.training.replay import Replay

log = logging.getLogger(__name__)

COLLAPSE_NATS = math.log(2)
"""Warned of once chosen tokens have become, on average, half as probable as under the reference."""
LOGGED = ("chosen_logps", "rejected_logps", "chosen_rewards", "rejected_rewards", "accuracies")


@dataclass(frozen=True)
class PairRow:
    """A pair with the log-probabilities that the reference gives its two sides."""

    pair: TokenPair
    ref_chosen_logp: float
    ref_rejected_logp: float


@dataclass(frozen=True)
class MicroBatch:
    """What one forward pass works on."""

    rows: Sequence[PairRow]
    replay: Sequence[TokenSequence]

    @property
    def counts(self) -> list[int]:
        """Pairs, chosen tokens, replayed tokens."""
        chosen = sum(len(row.pair.chosen_ids) for row in self.rows)
        return [len(self.rows), chosen, sum(len(s.completion_ids) for s in self.replay)]


class CrossDPOTrainer(Trainer):  # type: ignore[misc]
    """Trains on preference pairs, with replayed demonstrations in the same forward pass.

    By itself it takes what TRL's DPOTrainer takes, a model and a preference set, and gives the same losses:

        trainer = CrossDPOTrainer(model="my/student", train_dataset=rows, config=CrossDPOConfig(beta=0.1))
        trainer.train()
        trainer.save_model("aligned")

    TRL's DPOTrainer is not the base: of its batches, reference pass and loss nothing would be left.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self,
        *,
        model: Any,
        train_dataset: Iterable[Any],
        config: CrossDPOConfig | None = None,
        args: TrainingArguments | None = None,
        processing_class: Any = None,
        reference: ReferenceLogps | None = None,
        share: bool | None = None,
        replay: Replay | None = None,
        **kwargs: Any,
    ) -> None:
        """Take a model and a preference set.

        Args:
            model: A folder or hub id, which `config.lora` puts adapters on, or a loaded model as it is.
            train_dataset: Rows in TRL's columns (`preferences.py`), or pairs of token ids. Those with the same
                `problem_id`, where they have one, else with the same prompt, are kept together.
            config: The weights of the loss, and, without `args`, the training. None: the defaults of a recipe.
            args: None: as `config` has it, with checkpoints in `cross_dpo/`.
            processing_class: The tokenizer that rows of text need. None: that of a `model` given by name.
            reference: In the order of the pairs. None: computed here, of the model as it comes.
            share: Whether prefixes are shared (`share_prefixes` was called on the model). None: where it can, and from
                then on `model` is for this trainer: load what `save_model` wrote to go on with it.
            replay: None: nothing is replayed.
            kwargs: `callbacks` and whatever else a Trainer takes.

        Raises:
            TrainingDataError: The pairs would not train what they should.
        """
        config = config or CrossDPOConfig()
        if isinstance(model, str):
            processing_class = processing_class or load_tokenizer(model)
            loaded = load_model(model).train()
            model = add_adapters(loaded, config.lora) if config.lora else loaded
        pairs = as_token_pairs(train_dataset, processing_class)
        check_pairs(pairs, config.max_length)
        share = try_sharing(model) if share is None else share
        args = args or TrainingArguments(**trainer_arguments(config, output_dir=Path("cross_dpo"), seed=0))
        super().__init__(
            model=model,
            args=args,
            train_dataset=pairs,
            data_collator=list,
            processing_class=processing_class,
            **kwargs,
        )
        size = self.args.per_device_train_batch_size
        reference = reference or compute_reference(self.model, pairs, batch_size=size, share=share, fingerprint="")
        scores = zip(pairs, reference.ref_chosen_logps, reference.ref_rejected_logps, strict=True)
        self.train_dataset = [PairRow(*row) for row in scores]
        if self.args.n_gpu > 1:
            raise ConfigError(
                f"{self.args.n_gpu} GPUs are visible to one process: start with `accelerate launch`, "
                "or set CUDA_VISIBLE_DEVICES to one of them"
            )
        self._config = config
        self._form = PackedTrees if share else PaddedRows
        self._replay = replay
        self._sums = torch.zeros(len(LOGGED) + 5, dtype=torch.float64)
        self._warned = False

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        problems = [getattr(row.pair, "problem_id", None) or tuple(row.pair.prompt_ids) for row in self.train_dataset]
        return ProblemSampler(problems, batch_size=self.args.per_device_train_batch_size, seed=self.args.data_seed)

    def get_batch_samples(
        self, epoch_iterator: Iterator[list[PairRow]], num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, MicroBatch]], Tensor]:
        """The micro-batches of one optimiser step.

        Returns:
            The batches, and what they count together over all devices: [pairs, chosen tokens, replayed tokens]. The
            loss is divided by these, so that it does not matter how a step is cut into micro-batches.
        """
        rows, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        batches = [MicroBatch(r, self._replay_batch(i)) for i, r in enumerate(rows)]
        own = torch.tensor([batch.counts for batch in batches], device=device).sum(dim=0)
        counts = self.accelerator.reduce(own, reduction="sum").clamp(min=1)
        return [{"batch": batch} for batch in batches], counts

    def _replay_batch(self, micro_step: int) -> list[TokenSequence]:
        if self._replay is None:
            return []
        step = self.state.global_step * self.args.gradient_accumulation_steps + micro_step
        return self._replay.batch(step * self.args.world_size + self.args.process_index)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, MicroBatch],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Tensor:
        """This micro-batch's part of the step's loss: Eq. 8, and the weighted terms of the recipe.

        The loss of a step is their sum over micro-batches and their mean over devices.
        """
        if return_outputs or num_items_in_batch is None:
            raise NotImplementedError("Cross-DPO is trained only; evaluate the student with the evaluation stage")
        batch, config = inputs["batch"], self._config
        device = num_items_in_batch.device
        sides = 2 * len(batch.rows)
        logps = self._form([*pair_sequences([row.pair for row in batch.rows]), *batch.replay]).logps(model, device)
        chosen, rejected = logps[0:sides:2], logps[1:sides:2]
        ref_chosen = torch.tensor([row.ref_chosen_logp for row in batch.rows], device=device)
        ref_rejected = torch.tensor([row.ref_rejected_logp for row in batch.rows], device=device)
        losses, chosen_rewards, rejected_rewards = cross_dpo_loss(
            chosen, rejected, ref_chosen, ref_rejected, beta=config.beta, label_smoothing=config.label_smoothing
        )
        totals = torch.stack([losses.sum(), -chosen.sum(), -logps[sides:].sum()])
        weights = totals.new_tensor([1.0, config.chosen_sft_weight, config.replay_weight])
        columns = [chosen, rejected, chosen_rewards, rejected_rewards, (chosen_rewards > rejected_rewards).float()]
        sums = torch.stack([*(column.sum() for column in columns), (chosen - ref_chosen).sum(), totals[2]]).detach()
        self._sums += torch.cat([sums.double(), torch.tensor(batch.counts, device=device)]).cpu()
        loss: Tensor = (weights * totals / num_items_in_batch).sum() * self.args.world_size
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log means over the pairs since the last log, and warn, once, when the chosen side collapses."""
        sums = self.accelerator.reduce(self._sums.to(self.args.device), reduction="sum").tolist()
        self._sums.zero_()
        *means, log_ratio, replay_loss, pairs, chosen_tokens, replay_tokens = sums
        if pairs:
            logs |= {name: value / pairs for name, value in zip(LOGGED, means, strict=True)}
            logs["margins"] = logs["chosen_rewards"] - logs["rejected_rewards"]
            self._watch_chosen(log_ratio / chosen_tokens)
        if replay_tokens:
            logs["replay_loss"] = replay_loss / replay_tokens
        super().log(logs, start_time)

    def _watch_chosen(self, log_ratio: float) -> None:
        if log_ratio < -COLLAPSE_NATS and not self._warned:
            self._warned = True
            log.warning(
                "the chosen side collapses: at step %d its tokens are on average %.2f times as probable as under the "
                "reference, so the margin grows by forgetting both sides; raise cross_dpo.chosen_sft_weight or "
                "cross_dpo.beta, or lower cross_dpo.learning_rate",
                self.state.global_step,
                math.exp(log_ratio),
            )

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: what a shared prefix costs is not in the number of tokens."""
        return 0
