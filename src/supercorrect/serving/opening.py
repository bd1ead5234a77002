"""From what the user calls a student to one that is ready to solve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from supercorrect.config import StudentConfig
from supercorrect.config.student import EngineName, StudentServerConfig
from supercorrect.models.engines import open_student
from supercorrect.models.weights import resolve_model_path
from supercorrect.serving.batching import ROUND_TOKENS, Batcher
from supercorrect.serving.writing import OpenStudent
from supercorrect.student_profile import read_profile

SERVER_ROUND_TOKENS = 128
"""Of engines that keep what they have read: a round costs them a request, and others get in without us."""


@dataclass(frozen=True)
class Changes:
    """What the user wants otherwise than the student's profile says. None: as it says."""

    solving: str | None = None
    correction: str | None = None
    max_new_tokens: int | None = None

    def given(self) -> dict[str, Any]:
        """Those that there are."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Server:
    """A server that runs a student.

    Attributes:
        served_model: Its name for the student. None: the folder or hub id.
        key_env: The environment variable with its key. None: it wants none.
    """

    base_url: str
    served_model: str | None = None
    key_env: str | None = None


def student_config(
    model: str, *, engine: EngineName, batch_size: int, dtype: Literal["float32", "bfloat16"], upstream: Server | None
) -> StudentConfig:
    """How a student runs: by an engine here, or by a server."""
    if upstream is None:
        return StudentConfig(model=model, engine=engine, batch_size=batch_size, dtype=dtype)
    server = StudentServerConfig(
        base_url=upstream.base_url, served_model=upstream.served_model, api_key_env=upstream.key_env
    )
    return StudentConfig(model=model, engine="openai", batch_size=batch_size, server=server)


@contextmanager
def open_for_solving(config: StudentConfig, changes: Changes) -> Iterator[OpenStudent]:
    """Load a student, for the length of a with-block.

    Raises:
        InputError: There is no such model here.
        ConfigError: Its engine is not installed, or its server cannot be entered.
    """
    profile = read_profile(config.model).model_copy(update=changes.given())
    round_tokens = ROUND_TOKENS if config.engine == "transformers" else SERVER_ROUND_TOKENS
    with closing(open_student(config.model, config)) as student, Batcher(student, round_tokens) as batcher:
        yield OpenStudent(batcher, profile, read_context_tokens(config.model, config.revision))


def read_context_tokens(model: str, revision: str | None = None) -> int | None:
    """How many tokens a model's positions reach; None: its configuration does not say."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(resolve_model_path(model), revision=revision, trust_remote_code=False)
    reach = getattr(config.get_text_config(), "max_position_embeddings", None)
    return reach if isinstance(reach, int) else None
