"""The memory of one device while a student is trained or sampled, part by part; docs/scale.md says what was checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from supercorrect.config import CrossDPOConfig, HardwareConfig, LoraConfig, StudentConfig, TrainingConfig
from supercorrect.plan.shapes import ModelShape

DTYPE_BYTES = {"float32": 4, "bfloat16": 2}
ADAM_BYTES = 8
"""Two moments in fp32."""
FOUR_BIT_BYTES = 0.516
"""A weight in NF4, with its share of a scale of 8 bits for each block of 64, itself scaled."""
HEAD_CHUNK = 256
"""Tokens that TRL's SFT loss gives the head at once."""


@dataclass(frozen=True)
class Part:
    """A part of the memory. `size` is in bytes; None: unknown, and `basis` says why."""

    name: str
    size: float | None
    basis: str


@dataclass(frozen=True)
class Load:
    """What one forward pass of a training works on, at most.

    Attributes:
        tokens: Of all rows together. None: nothing bounds them.
        scored: Those whose logits stand in memory at once.
    """

    tokens: int | None
    scored: int
    basis: str


def training_memory(
    shape: ModelShape, config: TrainingConfig, student: StudentConfig, hardware: HardwareConfig, load: Load
) -> list[Part]:
    """The parts of a device's memory at the peak of a step."""
    shared = hardware.devices if hardware.strategy != "ddp" else 1
    over = f" over {shared} devices" if shared > 1 else ""
    trained = shape.parameters if config.lora is None else shape.adapter_parameters(config.lora.r)
    kept = "adapters" if config.lora else "all weights"
    buckets, said = (2, ", and ddp's buckets") if hardware.devices > 1 and shared == 1 else (1, "")
    parts = [
        _weights(shape, config, student, shared),
        Part("gradients", 4 * trained * buckets / shared, f"4 bytes of {kept}{over}{said}"),
        Part("optimiser", ADAM_BYTES * trained / shared, f"AdamW's two moments of {kept}, in fp32{over}"),
        Part("reference", 0.0, "its log-probabilities are computed once, before the first step"),
        *_activations(shape, config, load),
    ]
    if config.bf16 and (config.lora is None or student.dtype == "float32"):
        parts.append(_compute_copies(shape, shared))
    return parts


def _weights(shape: ModelShape, config: TrainingConfig, student: StudentConfig, shared: int) -> Part:
    if config.lora is None:
        return Part("weights", 4 * shape.parameters / shared, f"{shape.parameters:,} parameters in fp32")
    adapters = 4 * shape.adapter_parameters(config.lora.r)
    said = "4 bits, embedding and head in " if config.lora.bits else ""
    basis = f"{shape.parameters:,} frozen parameters in {said}{student.dtype}, adapters of rank {config.lora.r} in fp32"
    return Part("weights", (frozen_bytes(shape, config.lora, student) + adapters) / shared, basis)


def frozen_bytes(shape: ModelShape, lora: LoraConfig, student: StudentConfig) -> float:
    """Of the weights beneath adapters."""
    each = DTYPE_BYTES[student.dtype]
    inner = FOUR_BIT_BYTES if lora.bits else each
    return inner * shape.layers * shape.layer_parameters + each * shape.outer_parameters


def _compute_copies(shape: ModelShape, shared: int) -> Part:
    if shared == 1:
        return Part("bf16 copies", 2 * shape.multiplied, "autocast keeps the weights of a pass in bf16")
    gathered = 2 * shape.layer_parameters + shape.outer_parameters
    return Part("bf16 copies", 2 * gathered, "two layers, the embedding and the head, gathered from all devices")


def _activations(shape: ModelShape, config: TrainingConfig, load: Load) -> list[Part]:
    logits = load.scored * shape.vocabulary * (16 if config.bf16 else 12)
    head = Part("logits", logits, f"at most {load.scored:,} tokens at once: logits, their gradients, the softmax")
    if load.tokens is None:
        return [Part("activations", None, load.basis), head]
    layer = layer_activations(shape, bf16=config.bf16)
    if config.gradient_checkpointing:
        each, how = shape.layers * 4 * shape.hidden + layer, "the input of each layer, and one layer computed again"
    else:
        each, how = shape.layers * layer, "all layers"
    return [Part("activations", load.tokens * each, f"{load.tokens:,} tokens, {how}; {load.basis}"), head]


def layer_activations(shape: ModelShape, *, bf16: bool) -> int:
    """Bytes that one layer keeps of one token for the backward pass; the residual stream and the norms stay in fp32."""
    each = 2 if bf16 else 4
    inner = each * (2 * shape.query_width + 2 * shape.key_width + 4 * shape.intermediate)
    scales = 8 + 4 * shape.query_width // shape.head_size
    return (26 if bf16 else 24) * shape.hidden + inner + scales


def sampling_memory(
    shape: ModelShape, student: StudentConfig, *, prompt_tokens: int, max_new_tokens: int
) -> list[Part]:
    """The parts of a device's memory while a full batch of the embedded engine writes its last tokens."""
    each, rows = DTYPE_BYTES[student.dtype], student.batch_size
    cached = rows * (prompt_tokens + max_new_tokens)
    cache = 2 * each * shape.layers * shape.key_width * cached
    said = f"{rows} rows of {prompt_tokens} (assumed) + {max_new_tokens} tokens"
    return [
        Part("weights", each * shape.parameters, f"{shape.parameters:,} parameters in {student.dtype}"),
        Part("KV cache", cache, said),
        Part("logits", 8 * rows * shape.vocabulary, f"of {rows} rows, and their softmax"),
    ]


def loading_memory(shape: ModelShape, config: TrainingConfig, student: StudentConfig) -> float:
    """What every device holds before weights are spread: the whole model, with which the reference is computed too."""
    return 4 * shape.parameters if config.lora is None else frozen_bytes(shape, config.lora, student)


def total(parts: Iterable[Part]) -> tuple[float, bool]:
    """The sum of the known parts, and whether that is all of them."""
    sizes = [part.size for part in parts]
    return sum(size for size in sizes if size is not None), None not in sizes


def load_of(config: TrainingConfig, completion_tokens: int) -> Load:
    """The most that one forward pass can hold: every row as long as the recipe allows.

    Args:
        completion_tokens: The longest side of a pair.
    """
    rows = config.per_device_batch_size
    if not isinstance(config, CrossDPOConfig):
        tokens = None if config.max_length is None else rows * config.max_length
        return Load(tokens, HEAD_CHUNK, "unbounded: set max_length" if tokens is None else "every row max_length long")
    replayed = config.replay_batch_size if config.replay_weight else 0
    tokens = None if config.max_length is None else (2 * rows + replayed) * config.max_length
    scored = 2 * rows * completion_tokens + replayed * (config.max_length or 0)
    return Load(
        tokens, scored, "unbounded: set max_length" if tokens is None else "both sides max_length long, unshared"
    )
