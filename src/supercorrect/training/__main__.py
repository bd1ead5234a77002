"""Cross-DPO by itself, on pairs of token ids, on as many devices as `accelerate launch` gives it.

    accelerate launch --config_file FSDP2.yaml -m supercorrect.training MODEL PAIRS.jsonl OUTPUT --config CROSS_DPO.yaml

Each line of PAIRS has TRL's columns `prompt_ids`, `chosen_ids` and `rejected_ids`; pairs with the same `problem_id`,
where there is one, meet in one batch. A run's `pairs/train.jsonl` is such a file. The same command resumes.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import yaml
from pydantic import ValidationError

from supercorrect.config import CrossDPOConfig, StudentConfig
from supercorrect.errors import ConfigError, SuperCorrectError
from supercorrect.progress import Reporter
from supercorrect.training.cross_dpo import train_cross_dpo
from supercorrect.training.jobs import read_json_lines, read_pairs
from supercorrect.training.reference import reference_fingerprint
from supercorrect.training.rendering import TrainingRow


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(
        prog="supercorrect.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="folder of the HSFT student, which is also the reference")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--config", type=Path, help="YAML with keys of a recipe's cross_dpo section")
    parser.add_argument("--replay", type=Path, help="jsonl with `input_ids` and `labels` of stage 1")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    config = read_config(options.config)
    pairs = read_pairs(options.pairs)
    replay = [TrainingRow(**row) for row in read_json_lines(options.replay)] if options.replay else []
    with Reporter().task("train cross_dpo", total=1) as task:
        train_cross_dpo(
            options.model,
            pairs,
            replay,
            config,
            StudentConfig(model=options.model, dtype=options.dtype),
            folder=options.output,
            fingerprint=reference_fingerprint(f"{config.model_dump_json()} {options.seed}", pairs),
            seed=options.seed,
            task=task,
        )


def read_config(path: Path | None) -> CrossDPOConfig:
    """The training section; None: its defaults.

    Raises:
        ConfigError: The file is no such section.
    """
    try:
        return CrossDPOConfig(**(yaml.safe_load(path.read_text(encoding="utf-8")) or {})) if path else CrossDPOConfig()
    except (OSError, TypeError, ValidationError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: expected keys of a recipe's cross_dpo section: {error}") from error


if __name__ == "__main__":
    try:
        main()
    except SuperCorrectError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
