"""What a training begins with: the precision of its weights, the attention, and what is missing for 4 bits."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from supercorrect.config import LoraConfig, StudentConfig, SupervisedConfig
from supercorrect.errors import ConfigError
from supercorrect.training.loading import choose_attention, four_bits, load_to_train, trained_dtype
from tiny_models import make_tiny_model

BF16 = StudentConfig(model="x", dtype="bfloat16")


def test_weights_that_are_trained_are_fp32_and_frozen_ones_as_students_run(tmp_path: Path) -> None:
    assert trained_dtype(SupervisedConfig(lora=LoraConfig()), BF16) == "bfloat16"
    folder = str(make_tiny_model(tmp_path, "qwen2", ["1 + 1 = 2"]))
    assert load_to_train(folder, SupervisedConfig(bf16=True), BF16).dtype == torch.float32


def test_attention_that_is_not_there_is_refused_by_name_and_left_out_by_auto() -> None:
    assert choose_attention("sdpa", bf16=False) == "sdpa"
    if find_spec("flash_attn") is None:
        assert choose_attention("auto", bf16=True) is None
        with pytest.raises(ConfigError, match="pip install flash-attn"):
            choose_attention("flash_attention_2", bf16=True)


@pytest.mark.skipif(find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed")
def test_four_bits_say_what_to_install() -> None:
    with pytest.raises(ConfigError, match="pip install bitsandbytes"):
        four_bits()
