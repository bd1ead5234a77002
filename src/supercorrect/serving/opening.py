"""From what the user calls a student to one that is ready to solve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from supercorrect.config import StudentConfig
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.models.weights import resolve_model_path
from supercorrect.serving.batching import Batcher
from supercorrect.serving.local import LocalStudent
from supercorrect.student_profile import read_profile


@dataclass(frozen=True)
class Changes:
    """What the user wants otherwise than the student's profile says. None: as it says."""

    solving: str | None = None
    correction: str | None = None
    max_new_tokens: int | None = None

    def given(self) -> dict[str, Any]:
        """Those that there are."""
        return {name: value for name, value in vars(self).items() if value is not None}


@contextmanager
def open_local_student(config: StudentConfig, changes: Changes) -> Iterator[LocalStudent]:
    """Load a student, for the length of a with-block.

    Raises:
        InputError: There is no such model here.
    """
    profile = read_profile(config.model).model_copy(update=changes.given())
    with Batcher(TransformersStudent(config.model, config)) as batcher:
        yield LocalStudent(batcher, profile, read_context_tokens(config.model, config.revision))


def read_context_tokens(model: str, revision: str | None = None) -> int | None:
    """How many tokens a model's positions reach; None: its configuration does not say."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(resolve_model_path(model), revision=revision, trust_remote_code=False)
    reach = getattr(config.get_text_config(), "max_position_embeddings", None)
    return reach if isinstance(reach, int) else None
