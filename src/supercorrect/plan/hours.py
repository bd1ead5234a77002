"""How long trainings and samplings take on stated hardware: arithmetic, not a measurement."""

from __future__ import annotations

from supercorrect.config import GPUS, CrossDPOConfig, HardwareConfig, StudentConfig, TrainingConfig
from supercorrect.estimate.figures import Figure
from supercorrect.plan.memory import DTYPE_BYTES
from supercorrect.plan.shapes import ModelShape


def passes_over_weights(config: TrainingConfig) -> int:
    """Forward passes' worth of work in a step: forward, twice as much back (half with adapters), recomputation."""
    return 1 + (2 if config.lora is None else 1) + (1 if config.gradient_checkpointing else 0)


def training_hours(
    shape: ModelShape, config: TrainingConfig, hardware: HardwareConfig, tokens: Figure
) -> Figure | None:
    """Hours for so many trained tokens; None: the GPU is not stated."""
    if hardware.gpu is None:
        return None
    passes = passes_over_weights(config)
    length = config.max_length or 0
    flops: float = passes * (2 * shape.multiplied + 2 * shape.layers * shape.query_width * length)
    if isinstance(config, CrossDPOConfig):
        flops += 2 * shape.multiplied / max(1.0, config.num_epochs)  # the reference, once over all pairs
    per_second = hardware.devices * GPUS[hardware.gpu].bf16_tflops * 1e12 * hardware.utilisation
    basis = (
        f"{tokens.basis}; {passes} passes of {shape.multiplied:,} parameters at {hardware.utilisation:.0%} of "
        f"{hardware.devices} {hardware.gpu}"
    )
    return tokens.times(Figure.exact(flops / per_second / 3600, basis)).because(basis)


def sampling_hours(
    shape: ModelShape, student: StudentConfig, hardware: HardwareConfig, prompts: Figure, max_new_tokens: int
) -> Figure | None:
    """At least so long: each token reads all weights once, for a batch together. None: the GPU is not stated."""
    if hardware.gpu is None:
        return None
    weights = DTYPE_BYTES[student.dtype] * shape.parameters
    seconds = weights / (GPUS[hardware.gpu].bandwidth_gb_per_second * 1e9) * max_new_tokens / student.batch_size
    basis = (
        f"at least: {prompts.basis}, {max_new_tokens} tokens each; one {hardware.gpu} reads the weights once for a "
        f"token of {student.batch_size} rows"
    )
    return prompts.times(Figure.exact(seconds / 3600, basis)).because(basis)
