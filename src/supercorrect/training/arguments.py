"""A recipe's training section as the arguments of transformers' trainers."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from supercorrect.config import TrainingConfig
from supercorrect.errors import ConfigError

PROJECT = "supercorrect"


def require_reporters(names: Sequence[str]) -> None:
    """Look, before anything runs, whether what shows the curves is there.

    Raises:
        ConfigError: It is not installed.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"report_to: expected an installed package, got {missing[0]!r}; "
            f"install it with `pip install {missing[0]}`, or take it out of report_to"
        )


def trainer_arguments(
    config: TrainingConfig, *, output_dir: Path, seed: int, report_to: Sequence[str] = ()
) -> dict[str, Any]:
    """The arguments of any training.

    Every step is logged: means over several steps would differ after a resume in between.

    Args:
        report_to: What else shows the curves; TensorBoard's files stand below `output_dir`.
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
        "ddp_find_unused_parameters": False,
        "seed": seed,
        "data_seed": seed,
        "use_cpu": not torch.cuda.is_available(),
        "dataloader_pin_memory": torch.cuda.is_available(),
        "report_to": list(report_to) or "none",
        "run_name": str(output_dir.parent),
        "project": PROJECT,
        "disable_tqdm": True,
        "log_level": "error",
    }
