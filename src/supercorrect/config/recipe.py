"""The recipe: one YAML file is one experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from supercorrect.config.base import EndpointConfig, SamplingConfig, Section
from supercorrect.config.problems import ProblemsConfig
from supercorrect.config.training import CrossDPOConfig, TrainingConfig

ArmName = Literal["base", "sft", "hsft", "hsft_continued", "cross_dpo"]
ARMS: tuple[ArmName, ...] = ("base", "sft", "hsft", "hsft_continued", "cross_dpo")


class StudentConfig(Section):
    """The base student, and how it runs.

    Attributes:
        model: A folder, a hub id, or `package:folder` for one that stands inside an installed package.
        revision: The hub revision; without effect on a folder.
        batch_size: Prompts sampled together.
    """

    model: str
    revision: str | None = None
    batch_size: int = Field(default=64, gt=0)
    dtype: Literal["float32", "bfloat16"] = "float32"


class PromptsConfig(Section):
    """The template of each prompt: a shipped name, a file, or `package:folder/file`."""

    thought_extraction: str = "thought_extraction"
    hierarchical: str = "hierarchical"
    plain: str = "plain"
    grounded_correction: str = "grounded_correction"
    correction: str = "correction"


class SolutionsConfig(SamplingConfig):
    """How the student is sampled to collect its errors."""

    temperature: float = Field(default=1.0, ge=0)
    samples_per_problem: int = Field(default=1, gt=0)


class ReviewsConfig(Section):
    """How long the student may write about one step when it checks a solution."""

    max_new_tokens: int = Field(default=512, gt=0)


class PairsConfig(Section):
    """Which preference pairs are built from a corrected error.

    Attributes:
        layouts: `continuation`: after the problem and the right steps, the corrected step against the wrong one.
            `correction`: after the correction prompt and the student's steps up to the wrong one, the teacher's cause
            and correction against the student's own.
            `right_step`: after the same prompt and a right step, leaving it against the student's false alarm.
        right_step_share: How many right steps are reviewed, as a share of the corrected errors.
    """

    layouts: tuple[Literal["continuation", "correction", "right_step"], ...] = ("continuation", "correction")
    right_step_share: float = Field(default=0.7, ge=0)


class EvaluationConfig(Section):
    """How the arms are compared, on the held-out problems.

    Attributes:
        temperature: Of the headline accuracy; greedy accuracy is always measured beside it.
        localise: Whether reviews are measured on the HSFT student's wrong solutions.
    """

    arms: tuple[ArmName, ...] = ARMS
    temperature: float = Field(default=1.0, ge=0)
    max_new_tokens: int = Field(default=1024, gt=0)
    localise: bool = True


class Recipe(Section):
    """One experiment, whole."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    seed: int = Field(default=0, ge=0)
    output_dir: str | None = None
    threads: int | None = Field(default=None, gt=0)
    problems: ProblemsConfig
    student: StudentConfig
    teacher: EndpointConfig
    prompts: PromptsConfig = PromptsConfig()
    sft: TrainingConfig = TrainingConfig()
    hsft: TrainingConfig = TrainingConfig(num_epochs=4.0)
    solutions: SolutionsConfig = SolutionsConfig()
    reviews: ReviewsConfig = ReviewsConfig()
    pairs: PairsConfig = PairsConfig()
    cross_dpo: CrossDPOConfig = CrossDPOConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    max_cost_usd: float | None = Field(default=None, gt=0)

    @property
    def run_folder(self) -> Path:
        """Where the run keeps everything."""
        return Path(self.output_dir) if self.output_dir else Path("runs") / self.name
