"""The section that says what a run computes on. It decides how fast, and whether it fits, never what is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from supercorrect.config.base import Section

StrategyName = Literal["ddp", "fsdp2", "zero3"]
GpuName = Literal["a10", "a100-40gb", "a100-80gb", "h100", "h200", "l4", "l40s", "rtx-3090", "rtx-4090"]


@dataclass(frozen=True)
class Gpu:
    """A kind of GPU, from its maker's data sheet: GiB, dense bf16 TFLOP/s, GB/s of its memory."""

    memory_gib: float
    bf16_tflops: float
    bandwidth_gb_per_second: float


GPUS: dict[GpuName, Gpu] = {
    "a10": Gpu(24, 125, 600),
    "a100-40gb": Gpu(40, 312, 1555),
    "a100-80gb": Gpu(80, 312, 2039),
    "h100": Gpu(80, 989, 3350),
    "h200": Gpu(141, 989, 4800),
    "l4": Gpu(24, 121, 300),
    "l40s": Gpu(48, 362, 864),
    "rtx-3090": Gpu(24, 71, 936),
    "rtx-4090": Gpu(24, 165, 1008),
}


class HardwareConfig(Section):
    """What the run computes on.

    Attributes:
        devices: GPUs that each training is spread over; without a GPU, processes on the CPU. What one device would
            accumulate, several take side by side, so that the global batch is the same with any number of them.
        strategy: `ddp`: every device has the whole model. `fsdp2`, `zero3`: weights, gradients and optimiser state are
            spread over the devices; `zero3` needs DeepSpeed.
        gpu: The kind of each device, for the plan of `run --dry-run`. None: it plans neither hours nor what fits.
        utilisation: The share of the GPU's TFLOP/s that a training gets.
        usd_per_gpu_hour: None: unknown, and so is every cost made with it (never 0).
    """

    devices: int = Field(default=1, gt=0)
    strategy: StrategyName = "ddp"
    gpu: GpuName | None = None
    utilisation: float = Field(default=0.35, gt=0, le=1)
    usd_per_gpu_hour: float | None = Field(default=None, ge=0)
