"""The arms that a recipe adds to the fixed ones: comparisons with Cross-DPO, and controls of what it was given."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from supercorrect.config.base import EndpointConfig, Section
from supercorrect.records import PairLayout

BASELINES: dict[str, tuple[PairLayout, ...]] = {
    "step_dpo": ("continuation",),
    "dpo": ("solution",),
    "correction_sft": (),
}
"""Comparisons that need no layouts of their own."""


class ComparisonConfig(Section):
    """A further student, trained on the same errors as Cross-DPO, with as many steps.

    Attributes:
        layouts: Of its pairs. Empty: plain SFT on the teacher's traces. The names `step_dpo` (corrected against wrong
            step), `dpo` (whole solutions) and `correction_sft` (traces) bring their own.
        cross_dpo: What differs from the recipe's section of that name, such as `{replay_weight: 0}`; layouts are then
            the recipe's, unless given.
    """

    layouts: tuple[PairLayout, ...] = ()
    cross_dpo: dict[str, Any] = Field(default_factory=dict)


class ControlConfig(Section):
    """A student that gets other demonstrations in place of stage 2, and as many optimiser steps.

    Attributes:
        fresh: After HSFT it goes on with fresh thoughts about the problems that errors are collected from: `calls` as
            many as the teacher was asked for corrections, `tokens` as many as its corrections took output tokens.
        teacher: HSFT on this teacher's thoughts from the start, with the steps of both stages.
    """

    fresh: Literal["calls", "tokens"] | None = None
    teacher: EndpointConfig | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.fresh is None) == (self.teacher is None):
            raise ValueError("a control has either 'fresh' or a 'teacher' of its own")
        return self
