"""A run's manifest: which stages are done, with which inputs, what they counted, and the hashes of what they wrote."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from supercorrect.records import Rejection


def _require_inside(name: str) -> str:
    if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
        raise ValueError(f"expected a path within the run's folder, got {name!r}")
    return name


PathInRun = Annotated[str, AfterValidator(_require_inside)]
"""A file's path from the run's folder, which it never leaves: a manifest may be somebody else's."""


class OutputFile(BaseModel):
    """A file that a stage wrote, as it was when the stage ended."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    size_bytes: int


class StageEntry(BaseModel):
    """What the manifest says of a finished stage. `in = kept + Σ rejected` always holds.

    Attributes:
        fingerprint: Hash of the stage's settings and inputs; another one means that the stage is out of date.
        usd: What the stage's requests cost; None: unknown.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    fingerprint: str
    seconds: float
    inputs: int = Field(alias="in")
    kept: int
    rejected: dict[str, int]
    outputs: dict[PathInRun, OutputFile]
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None


class Manifest(BaseModel):
    """The state of a run. On disk it carries its own digest.

    Attributes:
        files: What the run wrote beside its stages' outputs, as it was when the run last ended; empty while it is
            under way, and where it was killed.
    """

    schema_version: int = 2
    recipe_name: str = ""
    versions: dict[str, str] = {}
    stages: dict[str, StageEntry] = {}
    files: dict[PathInRun, OutputFile] = {}


@dataclass(frozen=True)
class StageCounts:
    """What went into a stage and what became of it; `rejected` counts by reason, `usd` None means unknown."""

    inputs: int = 0
    kept: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = 0.0

    @classmethod
    def of(cls, inputs: int, rejections: list[Rejection]) -> StageCounts:
        """Counts of a stage that keeps whatever it does not reject."""
        return cls().with_rejections(inputs, rejections)

    def with_rejections(self, inputs: int, rejections: list[Rejection]) -> StageCounts:
        """These costs, with the counts of a stage that keeps whatever it does not reject."""
        rejected = dict(Counter(rejection.reason for rejection in rejections))
        return replace(self, inputs=inputs, kept=inputs - len(rejections), rejected=rejected)

    def plus(self, other: StageCounts) -> StageCounts:
        """These counts, with the costs of other requests."""
        known = self.usd is not None and other.usd is not None
        return replace(
            self,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            usd=(self.usd or 0.0) + (other.usd or 0.0) if known else None,
        )
