"""Low-rank adapters: trained instead of the weights, and merged into them before anything is published.

So every trained model is a plain folder: sampling needs no adapter, and Cross-DPO's reference, the HSFT student, is
what it starts from, with or without adapters in stage 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supercorrect.config import LoraConfig

ADAPTER_FOLDER = "adapter"
"""Below the merged model, for those who want the adapters alone."""


def adapter_config(config: LoraConfig) -> Any:
    """A recipe's `lora` section as PEFT's."""
    import peft

    return peft.LoraConfig(
        r=config.r,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=list(config.target_modules) if config.target_modules else "all-linear",
        task_type="CAUSAL_LM",
    )


def add_adapters(model: Any, config: LoraConfig) -> Any:
    """The model with fresh adapters, which change nothing before the first step."""
    import peft

    return peft.get_peft_model(model, adapter_config(config))


def merge_adapters(base: Any, folder: Path) -> None:
    """Replace saved adapters in `folder` by the model that they make of `base`; they stay in a folder of their own."""
    import peft

    model = peft.PeftModel.from_pretrained(base, str(folder)).merge_and_unload()
    kept = folder / ADAPTER_FOLDER
    kept.mkdir()
    for file in folder.glob("adapter_*"):
        file.rename(kept / file.name)
    model.save_pretrained(str(folder))
