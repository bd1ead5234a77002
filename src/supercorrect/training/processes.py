"""The processes that `accelerate launch` starts, before any trainer is there to know about them."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import PartialState


def this_process() -> Any:
    """This process among its peers (accelerate's PartialState); alone, where nothing was launched.

    Accelerate takes several processes without a GPU for unrelated ones unless it is told that the CPU is meant.
    """
    return PartialState(cpu=not torch.cuda.is_available())
