"""A recipe's training section as the arguments of transformers' trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supercorrect.config import TrainingConfig


def trainer_arguments(config: TrainingConfig, *, output_dir: Path, seed: int) -> dict[str, Any]:
    """The arguments of any training.

    Every step is logged: means over several steps would differ after a resume in between.
    """
    import torch

    return {
        "output_dir": str(output_dir),
        "learning_rate": config.learning_rate,
        "num_train_epochs": config.num_epochs,
        "max_steps": config.max_steps or -1,
        "per_device_train_batch_size": config.per_device_batch_size,
        "gradient_accumulation_steps": config.gradient_accumulation_steps,
        "warmup_steps": config.warmup_ratio,
        "lr_scheduler_type": config.lr_scheduler,
        "optim": "adamw_torch",
        "adam_beta2": config.adam_beta2,
        "weight_decay": config.weight_decay,
        "save_steps": config.save_steps,
        "save_total_limit": 2,
        "logging_steps": 1,
        "bf16": config.bf16,
        "gradient_checkpointing": config.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False} if config.gradient_checkpointing else None,
        "seed": seed,
        "data_seed": seed,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": torch.cuda.is_available(),
        "report_to": "none",
        "disable_tqdm": True,
        "log_level": "error",
    }
