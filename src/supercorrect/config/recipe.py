"""The recipe: one YAML file is one experiment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from supercorrect.config.arms import BASELINES, ComparisonConfig, ControlConfig
from supercorrect.config.base import EndpointConfig, SamplingConfig, Section
from supercorrect.config.grading import GradingConfig
from supercorrect.config.hardware import HardwareConfig
from supercorrect.config.problems import ProblemsConfig
from supercorrect.config.student import StudentConfig
from supercorrect.config.tables import TableName
from supercorrect.config.training import CrossDPOConfig, SupervisedConfig, TrainingConfig
from supercorrect.records import PairLayout, ThoughtStyle

_TAKEN = ("base", "sft", "hsft", "cross_dpo", "train")
_ARM_NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")


class PromptsConfig(Section):
    """The template of each prompt: a shipped name, a file, or `package:folder/file`.

    Attributes:
        reflection: Asks a student to reflect on its own solution. None: it reviews its steps with `correction` instead,
            and what it then solves anew, it solves without words of its own about the first try.
    """

    thought_extraction: str = "thought_extraction"
    hierarchical: str = "hierarchical"
    plain: str = "plain"
    grounded_correction: str = "grounded_correction"
    correction: str = "correction"
    inspection: str = "inspection"
    revision: str = "revision"
    hierarchy_without_generalized: str = "hierarchy_without_generalized"
    hierarchy: str = "hierarchy"
    headings: str = "headings"
    reflection: str | None = "reflection"
    retry: str = "retry"


class SolutionsConfig(SamplingConfig):
    """How the student is sampled to collect its errors.

    Attributes:
        peers: Other students by name, each a model folder or hub id; their errors are learned from too (the paper took
            those of three students).
        max_wrong_per_problem: How many of a problem's wrong solutions go to the teacher. None: all that differ.
    """

    temperature: float = Field(default=1.0, ge=0)
    samples_per_problem: int = Field(default=1, gt=0)
    peers: dict[str, str] = Field(default_factory=dict)
    max_wrong_per_problem: int | None = Field(default=None, gt=0)

    @field_validator("peers")
    @classmethod
    def _name_peers(cls, peers: dict[str, str]) -> dict[str, str]:
        """No peer may pass for an arm of the run."""
        for name in peers:
            if name.startswith(_TAKEN) or name in BASELINES:
                raise ValueError(f"{name!r} is an arm of the run and cannot name a peer")
        return peers


class ReviewsConfig(Section):
    """How long the student may write about one step when it checks a solution."""

    max_new_tokens: int = Field(default=512, gt=0)


class PairsConfig(Section):
    """Which preference pairs are built from a corrected error.

    Attributes:
        layouts: `continuation`: after the problem and the right steps, the corrected step against the wrong one.
            `correction`: after the correction prompt and the student's steps up to the wrong one, the teacher's cause
            and correction against the student's own.
            `inline`: after the problem, the right steps and the wrong one, cause and correction against what the
            student wrote next (arXiv 2608.11573).
            `right_step`: after the correction prompt and a right step, leaving it against a false alarm.
            `wrong_step`: after the correction prompt and a wrong step that the student let stand, faulting it at all.
            `solution`: after the problem, the corrected solution against the wrong one, both whole.
        right_step_share: How many right steps are reviewed for each corrected error; also of solutions graded right.
    """

    layouts: tuple[PairLayout, ...] = Field(default=("continuation", "correction"), min_length=1)
    right_step_share: float = Field(default=0.7, ge=0)


class StabilityConfig(Section):
    """How steady the arms are: the hardest held-out problems, solved again and again (Figure 5).

    Attributes:
        levels: The problems' levels. None: the highest that there is.
        count: How many problems, the first ones. None: all of these levels.
        repeats: Solutions of each.
    """

    levels: tuple[str, ...] | None = None
    count: int | None = Field(default=None, gt=0)
    repeats: int = Field(default=256, gt=1)


class EvaluationConfig(Section):
    """How the arms are compared, on the held-out problems.

    Attributes:
        arms: Which are compared. None: all. The control `hsft_continued` is only trained where it is compared.
        temperature: Of the headline accuracy; greedy accuracy is always measured beside it.
        localise: Whether reviews are measured on the HSFT student's wrong solutions.
        reflexion: Whether the HSFT student with Reflexion (arXiv 2303.11366) is an arm, `hsft_reflexion`.
        stability: None: not measured.
    """

    arms: tuple[str, ...] | None = None
    temperature: float = Field(default=1.0, ge=0)
    max_new_tokens: int = Field(default=1024, gt=0)
    localise: bool = True
    reflexion: bool = False
    stability: StabilityConfig | None = None


class Recipe(Section):
    """One experiment, whole.

    Attributes:
        cascade: Further teachers, asked in this order for what those before them could not do.
        inspector: Checks what teachers write. None: it is checked by parsing and grading alone.
        judge: Asked whether an answer that grading cannot decide is the reference answer. None: it stays ungradable.
        max_rounds: How often one teacher is asked for one record; what was wrong with the last try goes back with it.
        agreement: How many teachers have to name the same first wrong step; above 1, each is asked about every error.
        styles: Other dress for the same thoughts, each an arm `hsft_<style>` beside `hsft` (Table 8).
        rounds: How often the newest student is sampled, corrected and trained; the arms are `cross_dpo`,
            `cross_dpo_r2` and so on.
        comparisons: Further arms by name, such as `step_dpo: {}` or `inline_only: {layouts: [inline]}`.
        controls: Arms by name that get other demonstrations in place of stage 2, such as
            `hsft_fresh_calls: {fresh: calls}`.
        tables: Tables and figures of the paper that the run ends with, in `tables/`; it then does no more than they and
            the evaluated arms need.
        max_cost_usd: What the run's requests may cost in all.
        report_to: Where trainings show their curves besides the report; it changes nothing that is trained.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    seed: int = Field(default=0, ge=0)
    output_dir: str | None = None
    threads: int | None = Field(default=None, gt=0)
    hardware: HardwareConfig = HardwareConfig()
    problems: ProblemsConfig
    student: StudentConfig
    teacher: EndpointConfig
    cascade: tuple[EndpointConfig, ...] = ()
    inspector: EndpointConfig | None = None
    judge: EndpointConfig | None = None
    max_rounds: int = Field(default=3, gt=0)
    agreement: int = Field(default=1, gt=0)
    prompts: PromptsConfig = PromptsConfig()
    sft: SupervisedConfig = SupervisedConfig()
    hsft: SupervisedConfig = SupervisedConfig(num_epochs=4.0)
    grading: GradingConfig = GradingConfig()
    solutions: SolutionsConfig = SolutionsConfig()
    reviews: ReviewsConfig = ReviewsConfig()
    pairs: PairsConfig = PairsConfig()
    cross_dpo: CrossDPOConfig = CrossDPOConfig()
    styles: tuple[ThoughtStyle, ...] = ()
    rounds: int = Field(default=1, gt=0)
    comparisons: dict[str, ComparisonConfig] = Field(default_factory=dict)
    controls: dict[str, ControlConfig] = Field(default_factory=dict)
    evaluation: EvaluationConfig = EvaluationConfig()
    tables: tuple[TableName, ...] = ()
    max_cost_usd: float | None = Field(default=None, gt=0)
    report_to: tuple[Literal["tensorboard", "trackio", "wandb"], ...] = ()

    @model_validator(mode="after")
    def _settle_comparisons(self) -> Self:
        """Give the baselines their layouts; any other name needs its own, and none may be that of a fixed arm."""
        for name, comparison in self.comparisons.items():
            if not _ARM_NAME.fullmatch(name) or name.startswith(_TAKEN):
                raise ValueError(
                    f"comparisons: {name!r} cannot name one: use small letters, digits and _, and no arm's name"
                )
            if not (comparison.layouts or comparison.cross_dpo or name in BASELINES):
                raise ValueError(
                    f"comparisons: {name!r} needs layouts; without them only {', '.join(BASELINES)} are known"
                )
            self.training_of(name)
        return self

    @model_validator(mode="after")
    def _name_controls(self) -> Self:
        taken = {f"hsft_{style}" for style in self.styles} | {"hsft_continued", "hsft_reflexion"}
        for name in self.controls:
            if not (_ARM_NAME.fullmatch(name) and name.startswith("hsft_")) or name in taken:
                raise ValueError(
                    f"controls: {name!r} cannot name a control: it begins with hsft_ and is no other arm's"
                )
        return self

    @model_validator(mode="after")
    def _tell_control_teachers_apart(self) -> Self:
        """Answers are kept under model and sampling; another teacher under the same ones would get them."""
        own = {(teacher.model, teacher.sampling) for teacher in self.teachers}
        for name, control in self.controls.items():
            if control.teacher and (control.teacher.model, control.teacher.sampling) in own:
                raise ValueError(
                    f"controls: {name}: its teacher has the model {control.teacher.model!r} and the sampling of "
                    "a teacher of the recipe, whose stored answers it would be given; give it another model name"
                )
        return self

    @model_validator(mode="after")
    def _enough_teachers_to_agree(self) -> Self:
        different = {(teacher.model, teacher.sampling) for teacher in self.teachers}
        if self.agreement > len(different):
            raise ValueError(f"'agreement' of {self.agreement} needs as many different teachers, got {len(different)}")
        return self

    @model_validator(mode="after")
    def _share_batches_among_devices(self) -> Self:
        """More devices must not mean a larger batch, which would be another training."""
        devices = self.hardware.devices
        trainings: dict[str, TrainingConfig] = {"sft": self.sft, "hsft": self.hsft, "cross_dpo": self.cross_dpo}
        for name in self.comparisons:
            trainings[f"comparisons.{name}.cross_dpo"] = self.training_of(name)
        for name, training in trainings.items():
            try:
                training.on_devices(devices)
            except ValueError as error:
                raise ValueError(f"hardware.devices: {name}: {error}") from error
        return self

    @property
    def teachers(self) -> tuple[EndpointConfig, ...]:
        """All teachers, in the order in which they are asked."""
        return (self.teacher, *self.cascade)

    def layouts_of(self, comparison: str) -> tuple[PairLayout, ...]:
        """The layouts of a comparison's pairs; empty: it learns from whole traces."""
        return self.comparisons[comparison].layouts or BASELINES.get(comparison, self.pairs.layouts)

    def training_of(self, arm: str) -> CrossDPOConfig:
        """The section that a preference arm is trained with: the recipe's, with what its comparison changes."""
        comparison = self.comparisons.get(arm)
        changed = comparison.cross_dpo if comparison else {}
        return CrossDPOConfig.model_validate(self.cross_dpo.model_dump() | changed)

    @property
    def run_folder(self) -> Path:
        """Where the run keeps everything."""
        return Path(self.output_dir) if self.output_dir else Path("runs") / self.name
