"""The recipe: one YAML file is one experiment. An unknown key is an error that names the nearest known one."""

from supercorrect.config.arms import BASELINES, ComparisonConfig, ControlConfig
from supercorrect.config.base import (
    BatchConfig,
    EndpointConfig,
    LimitsConfig,
    PriceConfig,
    SamplingConfig,
    Section,
)
from supercorrect.config.grading import GradingConfig, GradingPolicy
from supercorrect.config.hardware import GPUS, Gpu, HardwareConfig
from supercorrect.config.loading import load_endpoint, load_recipe
from supercorrect.config.problems import SPLITS, ColumnsConfig, LayoutName, ProblemsConfig, ProblemSetConfig
from supercorrect.config.recipe import (
    EvaluationConfig,
    PairsConfig,
    PromptsConfig,
    Recipe,
    ReviewsConfig,
    SolutionsConfig,
    StabilityConfig,
)
from supercorrect.config.student import StudentConfig
from supercorrect.config.tables import TABLE_ARMS, TableName
from supercorrect.config.training import CrossDPOConfig, LoraConfig, SupervisedConfig, TrainingConfig

__all__ = [
    "BASELINES",
    "GPUS",
    "SPLITS",
    "TABLE_ARMS",
    "BatchConfig",
    "ColumnsConfig",
    "ComparisonConfig",
    "ControlConfig",
    "CrossDPOConfig",
    "EndpointConfig",
    "EvaluationConfig",
    "Gpu",
    "GradingConfig",
    "GradingPolicy",
    "HardwareConfig",
    "LayoutName",
    "LimitsConfig",
    "LoraConfig",
    "PairsConfig",
    "PriceConfig",
    "ProblemSetConfig",
    "ProblemsConfig",
    "PromptsConfig",
    "Recipe",
    "ReviewsConfig",
    "SamplingConfig",
    "Section",
    "SolutionsConfig",
    "StabilityConfig",
    "StudentConfig",
    "SupervisedConfig",
    "TableName",
    "TrainingConfig",
    "load_endpoint",
    "load_recipe",
]
