"""The student's section: which model, and how it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from supercorrect.config.base import Section


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
