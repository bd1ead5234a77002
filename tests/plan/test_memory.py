"""The plan's memory against what is independent of it: transformers' own models, and what autograd keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
)

from supercorrect.config import HardwareConfig, LoraConfig, StudentConfig, SupervisedConfig
from supercorrect.plan.memory import layer_activations, load_of, training_memory
from supercorrect.plan.shapes import read_shape, shape_of
from supercorrect.training.lora import add_adapters

QWEN_7B = {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28}
QWEN_HALF_B = {"hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14}
LLAMA_8B = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32}
CONFIGS = {
    "qwen2.5-math-7b": Qwen2Config(**QWEN_7B, num_key_value_heads=4, vocab_size=152064, tie_word_embeddings=False),
    "llama-3.1-8b": LlamaConfig(**LLAMA_8B, num_key_value_heads=8, vocab_size=128256, tie_word_embeddings=False),
    "deepseek-math-7b": LlamaConfig(hidden_size=4096, intermediate_size=11008, num_hidden_layers=30, vocab_size=102400),
    "tied qwen2": Qwen2Config(**QWEN_HALF_B, num_key_value_heads=2, tie_word_embeddings=True),
    "qwen3": Qwen3Config(hidden_size=1024, num_attention_heads=16, num_key_value_heads=8, head_dim=128),
    "mistral": MistralConfig(),
}
PUBLISHED = {"qwen2.5-math-7b": 7_615_616_512, "llama-3.1-8b": 8_030_261_248}
"""Of the models' pages."""


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_are_those_of_transformers(name: str) -> None:
    config = CONFIGS[name]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shape = shape_of(config.to_dict())
    assert shape.parameters == model.num_parameters() == PUBLISHED.get(name, shape.parameters)


def test_adapters_are_those_of_peft() -> None:
    config = Qwen2Config(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    adapted = add_adapters(Qwen2ForCausalLM(config), LoraConfig(r=8))
    trained = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    assert shape_of(config.to_dict()).adapter_parameters(8) == trained


def kept_bytes(model: Any, tokens: int, *, bf16: bool) -> int:
    """What autograd keeps of a forward pass through the layers, weights and their copies in bf16 left out."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    shapes = {p.shape for p in model.parameters()} | {p.T.shape for p in model.parameters() if p.dim() == 2}
    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and tensor.shape not in shapes:
            kept[storage.data_ptr()] = storage
        return tensor

    ids = torch.randint(0, 100, (2, tokens // 2))
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=bf16)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), autocast:
        model.model(input_ids=ids, use_cache=False)
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("classes", [(Qwen2Config, Qwen2ForCausalLM), (LlamaConfig, LlamaForCausalLM)])
@pytest.mark.parametrize("hidden, intermediate, key_heads", [(128, 352, 8), (128, 512, 2), (256, 640, 2)])
def test_activations_are_what_autograd_keeps(
    classes: tuple[Any, Any], hidden: int, intermediate: int, key_heads: int, bf16: bool
) -> None:
    config_class, model_class = classes
    sizes, tokens, kept = {"hidden_size": hidden, "intermediate_size": intermediate}, 384, []
    heads = {"num_attention_heads": 8, "num_key_value_heads": key_heads, "vocab_size": 100}
    for layers in (1, 3):
        config = config_class(**sizes, **heads, num_hidden_layers=layers)
        kept.append(kept_bytes(model_class(config).train(), tokens, bf16=bf16))
    counted = layer_activations(shape_of(config.to_dict()), bf16=bf16)
    assert (kept[1] - kept[0]) / 2 / tokens == pytest.approx(counted, rel=0.01)


def sizes_of(devices: int, strategy: Any, **settings: Any) -> dict[str, float | None]:
    shape = shape_of(CONFIGS["qwen2.5-math-7b"].to_dict())
    config = SupervisedConfig(per_device_batch_size=1, **settings)
    hardware = HardwareConfig(devices=devices, strategy=strategy)
    student = StudentConfig(model="x", dtype="bfloat16")
    return {p.name: p.size for p in training_memory(shape, config, student, hardware, load_of(config, 64))}


def test_sharding_divides_what_it_shares_and_adapters_train_little() -> None:
    one, eight = sizes_of(1, "ddp", max_length=512), sizes_of(8, "fsdp2", max_length=512)
    for name in ("weights", "gradients", "optimiser"):
        assert one[name] == pytest.approx(8 * (eight[name] or 0))
    assert one["optimiser"] == 8 * PUBLISHED["qwen2.5-math-7b"]
    adapted = sizes_of(1, "ddp", max_length=512, lora=LoraConfig())
    assert (adapted["optimiser"] or 0) < (one["optimiser"] or 0) / 100
    assert (adapted["weights"] or 0) < 0.51 * (one["weights"] or 0)


def test_what_nothing_bounds_is_unknown() -> None:
    assert sizes_of(1, "ddp")["activations"] is None


def test_a_model_of_another_kind_has_no_shape() -> None:
    with pytest.raises(ValueError, match="'mamba'"):
        shape_of({"model_type": "mamba"})
    shape, where = read_shape("supercorrect.sandbox:base_student", None)
    assert shape is not None and where.endswith("config.json")
