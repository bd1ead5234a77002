"""The section that says what a run computes on. It decides how fast, and whether it fits, never what is trained."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from supercorrect.config.base import Section

StrategyName = Literal["ddp", "fsdp2", "zero3"]


class HardwareConfig(Section):
    """What the run computes on.

    Attributes:
        devices: GPUs that each training is spread over; without a GPU, processes on the CPU. What one device would
            accumulate, several take side by side, so that the global batch is the same with any number of them.
        strategy: `ddp`: every device has the whole model. `fsdp2`, `zero3`: weights, gradients and optimiser state are
            spread over the devices; `zero3` needs DeepSpeed.
    """

    devices: int = Field(default=1, gt=0)
    strategy: StrategyName = "ddp"
