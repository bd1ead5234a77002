"""The prompts, one template file each. The tags that they ask for are the contract, their wording is not."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from supercorrect.errors import ConfigError
from supercorrect.fences import make_fence
from supercorrect.package_files import package_folder

PROMPT_NAMES = (
    "thought_extraction",
    "hierarchical",
    "plain",
    "grounded_correction",
    "correction",
    "inspection",
    "revision",
    "hierarchy_without_generalized",
    "hierarchy",
    "headings",
    "few_shot",
    "reflection",
    "retry",
)

MAX_TEMPLATE_BYTES = 256_000
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)


def read_template(name_or_path: str) -> str:
    """The text of a template.

    Args:
        name_or_path: A shipped prompt's name, `package:folder/file` for a file inside an installed package,
            or the path of a file of the user's own.

    Raises:
        ConfigError: There is no such template.
    """
    if name_or_path in PROMPT_NAMES:
        return (files(__package__) / "templates" / f"{name_or_path}.jinja").read_text(encoding="utf-8")
    package, separator, inner = name_or_path.partition(":")
    try:
        path = package_folder(package) / inner if separator else Path(name_or_path)
        if not path.is_file() or path.stat().st_size > MAX_TEMPLATE_BYTES:
            raise FileNotFoundError(f"no file of at most {MAX_TEMPLATE_BYTES:,} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"prompt template not found: expected one of {', '.join(PROMPT_NAMES)} or a readable file, "
            f"got {name_or_path!r} ({error})"
        ) from error


def hash_prompt(name_or_path: str) -> str:
    """The first twelve digits of the SHA-256 of a template's text: how a prompt is told from another everywhere."""
    return hashlib.sha256(read_template(name_or_path).encode()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _compile(template: str) -> Template:
    return _ENVIRONMENT.from_string(template)


def render_prompt(template: str, **values: str) -> str:
    """Fill a template's text. Values are inserted as they are and never read as templates themselves.

    A template may put `{{ fence }}` around them: a mark that stands in none of them.

    Raises:
        ConfigError: The template has a syntax error, or uses a name that is not among `values`.
    """
    fence = make_fence(*(values[name] for name in sorted(values)))
    try:
        return _compile(template).render(**values, fence=fence).strip()
    except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
        raise ConfigError(
            f"prompt template cannot be filled: {error}; it may use {', '.join(sorted([*values, 'fence']))}"
        ) from error
