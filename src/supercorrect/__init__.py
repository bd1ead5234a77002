"""SuperCorrect: a large teacher supervises and corrects a small student (arXiv 2410.09008).

What `__init__.pyi` lists is loaded when it is first used: `import supercorrect` needs no torch.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "CrossDPOConfig": "config",
    "CrossDPOTrainer": "training.cross_dpo_trainer",
    "EndpointConfig": "config",
    "GradingConfig": "config",
    "Refusal": "api",
    "Student": "api",
    "SuperCorrectError": "errors",
    "Teacher": "api",
    "WrongSolution": "api",
    "grade": "grading",
    "load_recipe": "config",
    "parse_correction": "formats",
    "parse_thought": "formats",
    "run": "api",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
