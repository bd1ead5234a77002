"""YAML that somebody else may have written: read with a bound on its size and on what its aliases grow to."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from supercorrect.errors import ConfigError

MAX_BYTES = 256_000
"""Of a file; a resolved recipe has 6 KB."""
MAX_GROWN = 1_000_000
"""Values and characters, each counted as often as an alias repeats it: nine lines of aliases can stand for 10^9."""


def read_yaml(path: Path) -> Any:
    """The value in a YAML file.

    Raises:
        ConfigError: There is no such file, it is too long, or it is not YAML.
    """
    try:
        if not path.is_file():
            raise ConfigError(f"recipe not readable: expected a YAML file, got {path}")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"recipe not readable: expected at most {MAX_BYTES:,} bytes of YAML, got more in {path}")
        text = content.decode("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"recipe not readable: expected a YAML file, got {path}: {error}") from error
    try:
        return parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"recipe is not YAML: {path}: {error}") from error


def parse_yaml(text: str) -> Any:
    """The value that a text stands for: lists, mappings and scalars, and nothing that runs code.

    Raises:
        ValueError: It is not YAML, or grows too large.
    """
    try:
        return _construct(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (yaml.YAMLError, LookupError, AttributeError, TypeError, ArithmeticError) as error:  # a tag of a wrong value
        raise ValueError(str(error) or type(error).__name__) from error


def _construct(text: str) -> Any:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _measure(node, {}) > MAX_GROWN:
            raise ValueError(f"expected at most {MAX_GROWN:,} values and characters, its aliases grow to more")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _measure(node: yaml.Node, sizes: dict[int, float]) -> float:
    """How large a node is with its aliases written out; infinite where it stands within itself."""
    if id(node) in sizes:
        return sizes[id(node)]
    sizes[id(node)] = math.inf  # until it is known
    if isinstance(node, yaml.ScalarNode):
        _require_text(node)
        size: float = 1 + len(node.value)
    elif isinstance(node, yaml.MappingNode):
        size = 1 + sum(_measure(part, sizes) for pair in node.value for part in pair)
    else:
        size = 1 + sum(_measure(part, sizes) for part in node.value)
    sizes[id(node)] = size
    return size


def _require_text(node: yaml.ScalarNode) -> None:
    """Raise where an escape stands for what no path and no file can hold."""
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in node.value):
        raise ValueError(f"line {node.start_mark.line + 1}: NUL and halves of surrogate pairs cannot stand in a recipe")
