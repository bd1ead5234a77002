"""The sections that say how a student is trained."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from supercorrect.config.base import Section


class LoraConfig(Section):
    """Train low-rank adapters instead of all weights; what a training leaves is merged, a model like any other.

    Attributes:
        r: Rank of each adapter.
        alpha: An adapter counts `alpha / r` times.
        bits: 4: the frozen weights beneath are in 4 bits (QLoRA, through bitsandbytes). None: as students run.
        target_modules: Names of the layers that get one. None: all linear layers but the head.
    """

    r: int = Field(default=16, gt=0)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    bits: Literal[4] | None = None
    target_modules: tuple[str, ...] | None = None


class TrainingConfig(Section):
    """One training.

    `max_steps` wins over `num_epochs`; `warmup_ratio` is a share of all steps; without `lora` all weights are trained.
    """

    learning_rate: float = Field(default=2e-5, gt=0)
    num_epochs: float = Field(default=3.0, gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    per_device_batch_size: int = Field(default=8, gt=0)
    gradient_accumulation_steps: int = Field(default=1, gt=0)
    warmup_ratio: float = Field(default=0.02, ge=0, lt=1)
    lr_scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    adam_beta2: float = Field(default=0.999, gt=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    max_length: int | None = Field(default=None, gt=0)
    save_steps: int = Field(default=100, gt=0)
    bf16: bool = False
    gradient_checkpointing: bool = False
    lora: LoraConfig | None = None

    @property
    def global_batch_size(self) -> int:
        """Rows, or pairs, in one optimiser step."""
        return self.per_device_batch_size * self.gradient_accumulation_steps

    def on_devices(self, devices: int) -> Self:
        """The part of each of several devices in the same training: what one accumulates, they take side by side.

        Raises:
            ValueError: They cannot have equal parts of the global batch.
        """
        if self.gradient_accumulation_steps % devices:
            raise ValueError(
                f"{devices} devices cannot share the {self.gradient_accumulation_steps} batches of "
                f"{self.per_device_batch_size} in a step evenly; {self._advise_batches(devices)}"
            )
        return self.model_copy(update={"gradient_accumulation_steps": self.gradient_accumulation_steps // devices})

    def _advise_batches(self, devices: int) -> str:
        size, steps = self.per_device_batch_size, self.global_batch_size
        if steps % devices:
            return f"the number of devices has to divide the global batch of {steps}"
        size = largest_part(steps // devices, size)
        return f"per_device_batch_size: {size} with gradient_accumulation_steps: {steps // size} is as much in a step"


class SupervisedConfig(TrainingConfig):
    """Stage 1's training.

    Attributes:
        packing: Fill rows of `max_length` tokens with whole demonstrations, none of which sees another;
            `per_device_batch_size` counts rows.
    """

    packing: bool = False

    @model_validator(mode="after")
    def _needs_length(self) -> Self:
        if self.packing and self.max_length is None:
            raise ValueError("'packing' needs 'max_length', the tokens in one row")
        return self

    def on_devices(self, devices: int) -> Self:
        """As of any training; a step's rows may also be cut into smaller batches, which changes nothing but the time.

        Raises:
            ValueError: The devices cannot have equal parts of the global batch.
        """
        each, rest = divmod(self.global_batch_size, devices)
        if rest:
            return super().on_devices(devices)
        size = largest_part(each, self.per_device_batch_size)
        return self.model_copy(update={"per_device_batch_size": size, "gradient_accumulation_steps": each // size})


class CrossDPOConfig(TrainingConfig):
    """Stage 2's training.

    Attributes:
        beta: β of Eq. 8; the paper gives none.
        label_smoothing: The share of pairs taken to be the wrong way round.
        chosen_sft_weight: Weight of the mean loss on the chosen side's tokens, added to the loss.
        replay_weight: Weight of the mean loss on tokens of stage 1; without them small students forget.
        replay_batch_size: Rows of stage 1 beside each `per_device_batch_size` pairs.
    """

    learning_rate: float = Field(default=1e-6, gt=0)
    num_epochs: float = Field(default=8.0, gt=0)
    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)
    beta: float = Field(default=0.1, gt=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    chosen_sft_weight: float = Field(default=0.0, ge=0)
    replay_weight: float = Field(default=0.0, ge=0)
    replay_batch_size: int = Field(default=8, gt=0)

    def without_pairs(self, steps: int, like: SupervisedConfig) -> SupervisedConfig:
        """A control: supervised training with as many steps and rows in each; a limit on pairs is none on its rows.

        Args:
            like: Its micro-batches are as large as this section's, or the largest part of them that divides the rows.
        """
        replayed = self.replay_batch_size if self.replay_weight > 0 else 0
        rows = (self.per_device_batch_size + replayed) * self.gradient_accumulation_steps
        per_device = math.gcd(rows, like.per_device_batch_size)
        own_fields = {name: getattr(self, name) for name in TrainingConfig.model_fields}
        own_fields |= {
            "max_steps": steps,
            "max_length": None,
            "per_device_batch_size": per_device,
            "gradient_accumulation_steps": rows // per_device,
        }
        return SupervisedConfig(**own_fields)


def largest_part(number: int, most: int) -> int:
    """The largest number up to `most` that divides `number`."""
    return next(part for part in range(min(number, most), 0, -1) if number % part == 0)
