"""The recipes' problem sections in the documentation are valid."""

from __future__ import annotations

import re

import pytest
import yaml

from small_runs import REPOSITORY
from supercorrect.config import ProblemsConfig
from supercorrect.problems.layouts import LAYOUTS

PAGE = (REPOSITORY / "docs" / "problem_sets.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_documented_section_is_valid(text: str) -> None:
    section = ProblemsConfig.model_validate(yaml.safe_load(text))
    assert ProblemsConfig.model_validate(section.model_dump(mode="json")) == section


def test_every_layout_is_documented() -> None:
    assert EXAMPLES
    assert not [name for name in LAYOUTS if f"| `{name}` |" not in PAGE]
