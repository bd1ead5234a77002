"""The recipe: one YAML file is one experiment. An unknown key is an error that names the nearest known one."""

from __future__ import annotations

import difflib
import types
from pathlib import Path
from typing import Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from supercorrect.errors import ConfigError

ArmName = Literal["base", "sft", "hsft", "hsft_continued", "cross_dpo"]
ARMS: tuple[ArmName, ...] = ("base", "sft", "hsft", "hsft_continued", "cross_dpo")


class Section(BaseModel):
    """A part of the recipe: frozen, and no key passes unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SamplingConfig(Section):
    """How completions are drawn; sent explicitly with every request. temperature 0 is greedy."""

    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=1024, gt=0)


class LimitsConfig(Section):
    """What an endpoint allows. None: no limit is kept on our side.

    Attributes:
        max_attempts: Requests for one answer, without those that a rate limit turned away.
        max_wait_seconds: The longest time that a rate limit may hold up a stage; beyond it the stage stops.
    """

    max_concurrency: int = Field(default=16, gt=0)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    timeout_seconds: float = Field(default=600.0, gt=0)
    max_attempts: int = Field(default=6, gt=0)
    max_wait_seconds: float = Field(default=3600.0, gt=0)


class PriceConfig(Section):
    """US dollars for a million tokens."""

    input_usd_per_million_tokens: float = Field(ge=0)
    output_usd_per_million_tokens: float = Field(ge=0)


class EndpointConfig(Section):
    """A model behind an OpenAI-compatible URL, in one role (teacher, inspector, judge).

    Attributes:
        base_url: The URL up to and including `/v1`. None: `OPENAI_BASE_URL`, or OpenAI itself.
        api_key_env: The environment variable that holds the key. None: the endpoint wants no key.
        serve: A command that serves this endpoint for the length of a stage, e.g. `vllm serve …`; `{port}` in it, and
            in `base_url`, becomes a free port. None: the endpoint is already there.
        served_model: The name that the endpoint answers under, where it is another than `model` (an alias).
        price: None: the price is unknown, and so is every cost made with it (never 0).
    """

    model: str
    base_url: str | None = None
    api_key_env: str | None = "OPENAI_API_KEY"
    serve: tuple[str, ...] | None = None
    served_model: str | None = None
    sampling: SamplingConfig = SamplingConfig()
    limits: LimitsConfig = LimitsConfig()
    price: PriceConfig | None = None


class ProblemSetConfig(Section):
    """Where the problems of one split come from: exactly one of `path` and `make`.

    Attributes:
        path: A jsonl file with `problem`, `reference_solution` and `reference_answer` in each row.
        make: A function that makes problems, as `module:function`, called with count, seed and split.
        count: How many; None takes all rows of `path`.
    """

    path: str | None = None
    make: str | None = None
    count: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.make is None):
            raise ValueError("expected exactly one of 'path' and 'make'")
        if self.make is not None and self.count is None:
            raise ValueError("'make' needs a 'count'")
        return self


class ProblemsConfig(Section):
    """The three splits. They share no problem: what stands in a later one is taken out of the earlier ones."""

    hsft: ProblemSetConfig
    errors: ProblemSetConfig
    held_out: ProblemSetConfig


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


class LoraConfig(Section):
    """Train low-rank adapters instead of all weights; what a training leaves is merged, a model like any other.

    Attributes:
        r: Rank of each adapter.
        alpha: An adapter counts `alpha / r` times.
        target_modules: Names of the layers that get one. None: all linear layers but the head.
    """

    r: int = Field(default=16, gt=0)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: tuple[str, ...] | None = None


class TrainingConfig(Section):
    """One training.

    `max_steps` wins over `num_epochs`; `warmup_ratio` is a share of all steps; without `lora` all weights are trained.
    """

    learning_rate: float = Field(default=2e-5, gt=0)
    num_epochs: float = Field(default=3.0, gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    per_device_batch_size: int = Field(default=8, gt=0)
    gradient_accumulation_steps: int = Field(default=1, gt=0)
    warmup_ratio: float = Field(default=0.02, ge=0, lt=1)
    lr_scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    adam_beta2: float = Field(default=0.999, gt=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    max_length: int | None = Field(default=None, gt=0)
    save_steps: int = Field(default=100, gt=0)
    bf16: bool = False
    gradient_checkpointing: bool = False
    lora: LoraConfig | None = None


class CrossDPOConfig(TrainingConfig):
    """Stage 2's training.

    Attributes:
        beta: β of Eq. 8; the paper gives none.
        label_smoothing: The share of pairs taken to be the wrong way round.
        chosen_sft_weight: Weight of the mean loss on the chosen side's tokens, added to the loss.
        replay_weight: Weight of the mean loss on tokens of stage 1; without them small students forget.
        replay_batch_size: Rows of stage 1 beside each `per_device_batch_size` pairs.
    """

    learning_rate: float = Field(default=1e-6, gt=0)
    num_epochs: float = Field(default=8.0, gt=0)
    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)
    beta: float = Field(default=0.1, gt=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    chosen_sft_weight: float = Field(default=0.0, ge=0)
    replay_weight: float = Field(default=0.0, ge=0)
    replay_batch_size: int = Field(default=8, gt=0)


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


def load_recipe(path: str | Path, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe and lay dotted overrides over it.

    Args:
        path: The YAML file.
        overrides: Such as `hsft.learning_rate=1e-4`; the value is read as YAML.

    Raises:
        ConfigError: The file is missing, is not YAML, or has an unknown or wrong key.
    """
    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"recipe not readable: expected a YAML file, got {path}: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"recipe is not YAML: {path}: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"recipe is empty or no mapping: expected keys such as 'name' and 'problems' in {path}")
    for override in overrides:
        _apply_override(data, override)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_describe(item) for item in error.errors())}") from error


def _apply_override(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"override not understood: expected key=value such as hsft.num_epochs=2, got {override!r}")
    *parents, last = key.split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise ConfigError(f"override not understood: {parent!r} in {override!r} is a value, not a section")
    try:
        data[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"override not understood: {override!r}: {error}") from error


def _describe(item: Any) -> str:
    location = [str(part) for part in item["loc"]]
    where = ".".join(location)
    if item["type"] != "extra_forbidden":
        return f"{where or 'recipe'}: {item['msg'].removeprefix('Value error, ')}, got {item['input']!r}"
    section = _section_at(location[:-1])
    near = difflib.get_close_matches(location[-1], section.model_fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(section.model_fields)}"
    return f"unknown key {where!r}; {hint}"


def _section_at(location: list[str]) -> type[BaseModel]:
    section: type[BaseModel] = Recipe
    for name in location:
        field = section.model_fields.get(name)
        annotation = field.annotation if field else None
        options = get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
        section = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), section)
    return section
