"""The model that a training begins with: in which precision, with which attention, frozen in 4 bits or not."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from supercorrect.config import StudentConfig, TrainingConfig
from supercorrect.errors import ConfigError
from supercorrect.models.weights import load_model


def trained_dtype(config: TrainingConfig, student: StudentConfig) -> str:
    """The precision that a training holds the model in.

    Weights that are trained are fp32: in bf16, a step of 1e-6 is rounded away. Frozen ones are as students run.
    """
    return student.dtype if config.lora else "float32"


def load_to_merge(model: str, config: TrainingConfig, student: StudentConfig, revision: str | None = None) -> Any:
    """The model that adapters are merged into: never in 4 bits."""
    return load_model(model, revision, trained_dtype(config, student))


def load_to_train(model: str, config: TrainingConfig, student: StudentConfig, revision: str | None = None) -> Any:
    """The model to train.

    Raises:
        ConfigError: What it asks for is not installed.
    """
    options: dict[str, Any] = {}
    attention = choose_attention(student.attention, bf16=config.bf16)
    if attention is not None:
        options["attn_implementation"] = attention
    if config.lora is not None and config.lora.bits == 4:
        options["quantization_config"] = four_bits()
    loaded = load_model(model, revision, trained_dtype(config, student), **options)
    if "quantization_config" in options:
        import peft

        loaded = peft.prepare_model_for_kbit_training(loaded, use_gradient_checkpointing=False)
    return loaded.train()


def choose_attention(name: str, *, bf16: bool) -> str | None:
    """The attention for transformers; None: its own choice.

    Raises:
        ConfigError: FlashAttention is named and not installed.
    """
    import torch

    there = find_spec("flash_attn") is not None and torch.cuda.is_available()
    if name == "auto":
        return "flash_attention_2" if there and bf16 else None
    if name == "flash_attention_2" and not there:
        raise ConfigError(
            "student.attention: flash_attention_2 needs a GPU and the package flash-attn; "
            "`pip install flash-attn --no-build-isolation`, or leave it at auto"
        )
    return name


def four_bits() -> Any:
    """How bitsandbytes holds frozen weights: NF4, its scales quantised too, computing in bf16 (QLoRA).

    Raises:
        ConfigError: bitsandbytes is not installed.
    """
    if find_spec("bitsandbytes") is None:
        raise ConfigError("lora.bits: 4 needs bitsandbytes; `pip install bitsandbytes`, or leave bits out")
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
