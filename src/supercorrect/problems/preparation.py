"""From a recipe's problem sets to the three splits as the run will use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supercorrect.config import SPLITS, ProblemsConfig
from supercorrect.problems.cleaning import clean_splits
from supercorrect.problems.loading import EVALUATION, LoadedSet, load_problems
from supercorrect.problems.removal import Removal
from supercorrect.records import Problem, Rejection


@dataclass(frozen=True)
class PreparedProblems:
    """The splits after cleaning, and what led to them.

    Attributes:
        kept: The problems by split.
        loaded: The sets as read, by split, and under `evaluation` those that training is only kept clear of.
    """

    kept: Mapping[str, list[Problem]]
    loaded: Mapping[str, Sequence[LoadedSet]]
    removals: Sequence[Removal]

    def rejections(self, stage: str) -> list[Rejection]:
        """Every row that a split asked for and did not get."""
        unusable = [rejection for split in SPLITS for one in self.loaded[split] for rejection in one.rejections]
        return unusable + [removal.as_rejection(stage) for removal in self.removals]


def prepare_problems(config: ProblemsConfig, *, seed: int, stage: str = "problems") -> PreparedProblems:
    """Load every set and keep the splits apart, as the recipe says.

    Raises:
        InputError: A set cannot be read, a row is malformed, or nothing in a set can be used.
        ConfigError: A function that makes problems cannot be imported, or a package is missing.
    """
    loaded = {split: load_problems(config.sets_of(split), split=split, seed=seed, stage=stage) for split in SPLITS}
    further = load_problems(config.decontaminate_against, split=EVALUATION, seed=seed, stage=stage)
    kept, removals = clean_splits(
        {split: [problem for one in sets for problem in one.problems] for split, sets in loaded.items()},
        further_evaluation=[problem for one in further for problem in one.problems],
        ngram=config.decontamination_ngram,
        similarity=config.near_duplicate_similarity,
    )
    return PreparedProblems(kept, {**loaded, EVALUATION: further}, removals)
