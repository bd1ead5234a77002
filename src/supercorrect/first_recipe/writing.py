"""From answers to the text of a recipe."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from supercorrect.config import Recipe
from supercorrect.config.loading import find_recipe
from supercorrect.config.yaml_files import parse_yaml
from supercorrect.first_recipe.answers import SANDBOX, Answers, problem_sets, teacher_values

_FROM_SANDBOX: dict[str, Any] = {
    "hsft": {"make": "supercorrect.sandbox.language:make_problems", "count": 2400},
    "errors": {"make": "supercorrect.sandbox.language:make_problems", "count": 1000},
    "held_out": {"make": "supercorrect.sandbox.language:make_problems", "count": 500},
}
_PER_DEVICE = {"cpu": 4, "gpu-24gb": 2, "gpu-80gb": 8, "8-gpus": 4}


def compose_recipe(name: str, answers: Answers) -> str:
    """The YAML of a recipe that loads.

    Args:
        name: The recipe's.

    Raises:
        ConfigError: The answers do not go together.
        InputError: A file of problems is missing or has too few of them.
    """
    answers.require_sense()
    if answers.is_sandbox:
        return find_recipe(SANDBOX).read_text(encoding="utf-8")
    environment = Environment(loader=PackageLoader("supercorrect", "first_recipe"), undefined=StrictUndefined)  # nosec B701
    text = environment.get_template("recipe.yaml.jinja").render(
        name=name,
        problems=_FROM_SANDBOX if answers.problems == SANDBOX else problem_sets(answers.problems),
        from_sandbox=answers.problems == SANDBOX,
        student="supercorrect.sandbox:base_student" if answers.student == SANDBOX else answers.student,
        teacher=None if answers.teacher == SANDBOX else teacher_values(answers.teacher),
        max_cost_usd=answers.max_cost_usd,
        on_gpu=answers.hardware != "cpu",
        devices=8 if answers.hardware == "8-gpus" else 1,
        per_device_batch_size=_PER_DEVICE[answers.hardware],
    )
    Recipe.model_validate(parse_yaml(text))
    return text + "\n"
