"""The JSON schema of a recipe, for editors that complete keys, show what they mean and mark what is unknown.

Everything in it is read from the sections themselves: types and bounds from their fields, words from their docstrings.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from supercorrect.config.base import Section
from supercorrect.config.recipe import Recipe

_ENTRY = re.compile(r"^(?P<name>\w+): (?P<text>.+?)(?=^\w+: |\Z)", re.MULTILINE | re.DOTALL)
_SPLIT_OF_ONE = ("hsft", "errors", "held_out", "decontaminate_against")


def recipe_schema() -> dict[str, Any]:
    """The schema. Nothing is required: a recipe may be laid over another by `extends`; `validate` sees the whole."""
    schema = Recipe.model_json_schema()
    sections = {section.__name__: section for section in _sections(Section)}
    parts = {**schema.get("$defs", {}), "Recipe": schema}
    for name, part in parts.items():
        part.pop("required", None)
        _describe(part, sections.get(name))
    _allow_short_forms(parts)
    extends = {"type": "string", "description": "Another recipe, beside this one, that it is laid over."}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "SuperCorrect recipe"}


def read_attributes(section: type[BaseModel]) -> dict[str, str]:
    """What a docstring says of each field, in one line; those of the sections that it is made from included."""
    found: dict[str, str] = {}
    for one in reversed(section.__mro__):
        _, _, attributes = inspect.cleandoc(one.__dict__.get("__doc__") or "").partition("Attributes:\n")
        entries = _ENTRY.finditer(inspect.cleandoc(attributes))
        found |= {entry["name"]: " ".join(entry["text"].split()) for entry in entries}
    return found


def _sections(base: type[Section]) -> Iterator[type[Section]]:
    yield base
    for section in base.__subclasses__():
        yield from _sections(section)


def _describe(part: dict[str, Any], section: type[BaseModel] | None) -> None:
    """Put what the docstring says to each key, and its first line to the section."""
    if section is None:
        return
    part["description"] = inspect.cleandoc(section.__doc__ or "").partition("\n\n")[0]
    for name, text in read_attributes(section).items():
        if name in part["properties"]:
            part["properties"][name]["description"] = text


def _allow_short_forms(parts: dict[str, dict[str, Any]]) -> None:
    """What is read before types are looked at: one problem set for a list of one, `batch: true` for its defaults."""
    problems = parts["ProblemsConfig"]["properties"]
    for name in _SPLIT_OF_ONE:
        one = problems[name]["items"]
        several = {key: problems[name].pop(key) for key in ("type", "items", "minItems") if key in problems[name]}
        problems[name]["anyOf"] = [one, several]
    parts["EndpointConfig"]["properties"]["batch"]["anyOf"].append({"type": "boolean"})
