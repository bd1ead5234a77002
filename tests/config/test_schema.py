"""The JSON schema of a recipe: it takes every recipe that we ship, and refuses what the loader refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from small_runs import REPOSITORY, SANDBOX
from supercorrect.config.schema import recipe_schema

RECIPES = sorted((REPOSITORY / "recipes").rglob("*.yaml"))
VALIDATOR = Draft202012Validator(recipe_schema())


def read(path: Path) -> Any:
    """A recipe as an editor reads it: in YAML 1.2, `1e-3` is a number, and lists are JSON's."""
    return json.loads(json.dumps(_numbers(yaml.safe_load(path.read_text(encoding="utf-8")))))


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_fits(path: Path) -> None:
    assert not [error.message for error in VALIDATOR.iter_errors(read(path))]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("hsft", "learning_rat", 1),
        ("hsft", "num_epochs", -1),
        ("teacher", "api", "grpc"),
        ("problems", "hsft", {"pat": "x"}),
    ],
)
def test_what_is_wrong_does_not(section: str, key: str, value: Any) -> None:
    recipe = read(SANDBOX)
    recipe[section][key] = value
    assert list(VALIDATOR.iter_errors(recipe))


def test_keys_are_explained_in_the_words_of_the_code() -> None:
    schema = recipe_schema()
    rounds = schema["properties"]["max_rounds"]["description"]
    assert (
        rounds == "How often one teacher is asked for one record; what was wrong with the last try goes back with it."
    )
    assert schema["$defs"]["CrossDPOConfig"]["properties"]["beta"]["description"].startswith("β of Eq. 8")


def test_the_committed_schema_is_current() -> None:
    committed = json.loads((REPOSITORY / "docs" / "recipe.schema.json").read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(recipe_schema())), "run `make reference`"
