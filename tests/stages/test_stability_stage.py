"""Which problems are the hardest."""

from __future__ import annotations

import pytest

from supercorrect.config import StabilityConfig
from supercorrect.errors import InputError
from supercorrect.sandbox.language import make_problems
from supercorrect.stages.repeats import choose_hardest

PROBLEMS = make_problems(count=60, seed=1, split="held_out")


def test_the_highest_level_counts_unless_levels_are_named() -> None:
    hardest = choose_hardest(PROBLEMS, StabilityConfig())
    assert hardest == [p for p in PROBLEMS if p.level == "Level 5"]
    assert choose_hardest(PROBLEMS, StabilityConfig(count=2)) == hardest[:2]
    easy = choose_hardest(PROBLEMS, StabilityConfig(levels=("Level 3", "Level 4")))
    assert len(easy) + len(hardest) == 60


def test_levels_that_are_not_there_are_named_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"level Level 9, got levels Level 3, Level 4, Level 5"):
        choose_hardest(PROBLEMS, StabilityConfig(levels=("Level 9",)))
    with pytest.raises(InputError, match="got levels none"):
        choose_hardest([p.model_copy(update={"level": None}) for p in PROBLEMS], StabilityConfig())
