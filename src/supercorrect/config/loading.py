"""Reading a recipe. An unknown key is an error that names the nearest known one."""

from __future__ import annotations

import difflib
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from supercorrect.config.base import EndpointConfig
from supercorrect.config.recipe import Recipe
from supercorrect.config.yaml_files import parse_yaml, read_yaml
from supercorrect.errors import ConfigError

SHIPPED_RECIPES = Path(str(files("supercorrect") / "recipes"))
_LONGEST_SHOWN = 400


def load_recipe(path: str | Path, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe and lay dotted overrides over it.

    Args:
        path: The YAML file, or the name of a shipped recipe, such as `sandbox` or `paper/table6`. Its key `extends`
            names another recipe, beside it, that it is laid over.
        overrides: Such as `hsft.learning_rate=1e-4`; the value is read as YAML.

    Raises:
        ConfigError: The file is missing, is not YAML, or has an unknown or wrong key.
    """
    data = _read_mapping(find_recipe(path))
    for override in overrides:
        _apply_override(data, override)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_describe(item) for item in error.errors())}") from error


def find_recipe(recipe: str | Path) -> Path:
    """The file of that path; where there is none, the shipped recipe of that name.

    Raises:
        ConfigError: There is neither.
    """
    for path in (Path(recipe), SHIPPED_RECIPES / f"{recipe}.yaml"):
        with suppress(OSError):  # no file can have so long a name
            if path.is_file():
                return path
    shipped = ", ".join(list_shipped_recipes())
    raise ConfigError(f"recipe not readable: expected a YAML file, or a shipped recipe ({shipped}), got {recipe}")


def list_shipped_recipes() -> list[str]:
    """The names of all recipes that come with the package."""
    return sorted(p.relative_to(SHIPPED_RECIPES).with_suffix("").as_posix() for p in SHIPPED_RECIPES.rglob("*.yaml"))


def load_endpoint(path: str | Path) -> EndpointConfig:
    """Read one endpoint from a file of its own, with the keys of a recipe's `teacher`.

    Raises:
        ConfigError: The file is missing, is not YAML, or has an unknown or wrong key.
    """
    try:
        return EndpointConfig.model_validate(_read_mapping(Path(path)))
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(_describe(item, EndpointConfig) for item in error.errors())}") from error


def _read_mapping(path: Path, inner: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The keys of a recipe, laid over those of the recipe that it extends."""
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise ConfigError(f"recipe is empty or no mapping: expected keys such as 'name' and 'problems' in {path}")
    extended = data.pop("extends", None)
    if extended is None:
        return data
    below = path.parent / str(extended)
    if below.resolve() in {p.resolve() for p in (path, *inner)}:
        raise ConfigError(f"{path}: 'extends' goes in a circle by way of {below}")
    return _lay_over(_read_mapping(below, (path, *inner)), data)


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Sections are merged key by key; any other value of `above` replaces that of `below`."""
    both = {
        key: _lay_over(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return below | both


def _apply_override(data: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"override not understood: expected key=value such as hsft.num_epochs=2, got {override!r}")
    *parents, last = key.split(".")
    for parent in parents:
        section = data.get(parent)
        if not isinstance(section, dict | None):
            raise ConfigError(f"override not understood: {parent!r} in {override!r} is a value, not a section")
        data[parent] = dict(section or {})  # a YAML alias is the same object as its anchor, which keeps its value
        data = data[parent]
    try:
        data[last] = parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"override not understood: {override!r}: {error}") from error


def _describe(item: Any, root: type[BaseModel] = Recipe) -> str:
    location = [str(part) for part in item["loc"]]
    where = ".".join(location)
    if item["type"] != "extra_forbidden":
        got = repr(item["input"])[:_LONGEST_SHOWN]
        return f"{where or 'recipe'}: {item['msg'].removeprefix('Value error, ')}, got {got}"
    section = _section_at(location[:-1], root)
    near = difflib.get_close_matches(location[-1], section.model_fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(section.model_fields)}"
    return f"unknown key {where!r}; {hint}"


def _section_at(location: list[str], section: type[BaseModel]) -> type[BaseModel]:
    for name in location:
        field = section.model_fields.get(name)
        annotation = field.annotation if field else None
        options = get_args(annotation) or (annotation,)
        section = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), section)
    return section
