"""Opening a student under the engine that the recipe names."""

from __future__ import annotations

from collections.abc import Sequence

from supercorrect.config import StudentConfig
from supercorrect.models.served_student import ServedStudent
from supercorrect.models.student import Student, TokenCompletion
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.models.vllm_student import VllmStudent
from supercorrect.progress import Reporter


def open_student(model: str, config: StudentConfig) -> Student:
    """Open a student; whoever does closes it: `with closing(open_student(…)) as student`.

    Args:
        model: A folder or hub id; not always `config.model`, which is the base student.
        config: How students run.

    Raises:
        ConfigError: The engine is not installed, or the recipe's server cannot be entered.
        InputError: The folder is no model.
    """
    match config.engine:
        case "vllm":
            return VllmStudent(model, config)
        case "openai":
            return ServedStudent(model, config)
        case "transformers":
            return TransformersStudent(model, config)


def say_what_is_inexact(reporter: Reporter, name: str, completions: Sequence[TokenCompletion]) -> None:
    """Tell how many completions came as text alone, where training takes their tokens for the student's own."""
    count = sum(not completion.is_exact for completion in completions)
    if count:
        reporter.say(
            f"{name}: the server gave {count} of {len(completions)} completions as text alone; training takes the "
            "tokens that the tokenizer makes of it, which need not be those that were sampled (docs/engines.md)"
        )
