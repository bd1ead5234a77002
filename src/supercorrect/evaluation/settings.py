"""What decides a figure: written beside it, so that it can be measured again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from supercorrect.config import GradingConfig, ProblemSetConfig, SamplingConfig, Section
from supercorrect.errors import ConfigError
from supercorrect.prompts import hash_prompt

_SHOWN_ELSEWHERE = {
    "problems",
    "prompts",
    "sampling",
    "grading",
    "correction_prompt",
    "reflection_prompt",
    "retry_prompt",
    "engine",
}


class EvaluationSettings(Section):
    """How models are asked and graded.

    Attributes:
        prompts: Templates that problems are put in: one for all models, or one for each, in their order.
        samples: Solutions of each problem.
        self_correct: Passes in which a model corrects its own solution.
        review: How a student that runs here corrects itself: `steps` (reviewing step by step) or `trace` (writing the
            whole trace, as every model behind an endpoint does).
        review_max_new_tokens: The longest that `steps` lets it write about one step.
        reflexion: Whether each solution also goes through Reflexion.
        reflection_prompt: None: it reflects by reviewing its steps.
        batch_size: Prompts that a student is sampled with together.
        engine: What runs a student here.
    """

    problems: ProblemSetConfig
    prompts: tuple[str, ...] = Field(default=("hierarchical",), min_length=1)
    sampling: SamplingConfig = SamplingConfig()
    samples: int = Field(default=1, gt=0)
    self_correct: int = Field(default=0, ge=0)
    review: Literal["steps", "trace"] = "steps"
    review_max_new_tokens: int = Field(default=512, gt=0)
    reflexion: bool = False
    correction_prompt: str = "correction"
    reflection_prompt: str | None = "reflection"
    retry_prompt: str = "retry"
    batch_size: int = Field(default=64, gt=0)
    dtype: Literal["float32", "bfloat16"] = "float32"
    engine: Literal["transformers", "vllm"] = "transformers"
    seed: int = Field(default=0, ge=0)
    grading: GradingConfig = GradingConfig()

    @model_validator(mode="after")
    def _draws_differ(self) -> Self:
        if self.samples > 1 and self.sampling.temperature == 0:
            raise ValueError(f"{self.samples} samples need a temperature above 0: greedy ones are all the same")
        return self

    @property
    def shown(self) -> dict[str, object]:
        """What holds for all models, on one level."""
        return {**self.sampling.model_dump(), **self.model_dump(exclude=_SHOWN_ELSEWHERE)}

    def prompt_of(self, index: int) -> str:
        """The template of one model."""
        return self.prompts[index if len(self.prompts) > 1 else 0]

    def prompt_hashes(self, prompt: str) -> dict[str, str]:
        """The hash of every template that a model is asked with, by its part."""
        asked = {"solving": prompt}
        if self.self_correct or (self.reflexion and self.reflection_prompt is None):
            asked["correction"] = self.correction_prompt
        if self.reflexion and self.reflection_prompt is not None:
            asked |= {"reflection": self.reflection_prompt, "retry": self.retry_prompt}
        return {part: hash_prompt(name) for part, name in asked.items()}


def settings_of(**values: Any) -> EvaluationSettings:
    """Settings from what a user wrote.

    Raises:
        ConfigError: A value is none that it can have.
    """
    try:
        return EvaluationSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"evaluation: {where + ': ' if where else ''}{message}") from error


def problem_set(source: str, limit: int | None) -> ProblemSetConfig:
    """A file of problems, or what a `module:function` makes; at most `limit` of them.

    Raises:
        ConfigError: A function is named, and not how many problems it is to make.
    """
    if not re.fullmatch(r"[\w.]+:\w+", source) or Path(source).exists():
        return ProblemSetConfig(path=source, count=limit)
    if limit is None:
        raise ConfigError(f"--problems {source}: a function makes as many problems as --limit says; expected --limit")
    return ProblemSetConfig(make=source, count=limit)
