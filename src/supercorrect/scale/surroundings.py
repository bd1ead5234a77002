"""What a process elsewhere takes over from the one that starts it, so that both do the same in the same way."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """The surroundings of whatever does a run's work.

    Attributes:
        folder: The working folder, so that relative paths mean the same.
        module_paths: Where modules are looked for: a recipe may name functions of the user's own.
        threads: Of each model: with more or fewer of them, sums are taken in another order. None: no model is run.
    """

    folder: str
    module_paths: tuple[str, ...]
    threads: int | None

    @classmethod
    def of_this_process(cls, threads: int | None) -> Surroundings:
        """What this process hands on."""
        return cls(str(Path.cwd()), tuple(path or str(Path.cwd()) for path in sys.path), threads)

    def apply(self) -> None:
        """Make this process like the one that starts it."""
        os.chdir(self.folder)
        sys.path += [path for path in self.module_paths if path not in sys.path]
        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        if self.threads is not None:
            import torch

            torch.set_num_threads(self.threads)
