"""Keeping splits apart: what is evaluated on is not trained on, and training has each problem once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from supercorrect.problems.contamination import EvaluationIndex
from supercorrect.problems.duplicates import DuplicateIndex
from supercorrect.problems.removal import Removal
from supercorrect.records import Problem


def clean_splits(
    splits: Mapping[str, Sequence[Problem]],
    *,
    further_evaluation: Sequence[Problem] = (),
    ngram: int | None = 13,
    similarity: float | None = 0.8,
) -> tuple[dict[str, list[Problem]], list[Removal]]:
    """Keep each problem once: in the last of the splits that has it, so that the evaluation set stays whole.

    Args:
        splits: Problems by split, the one that is evaluated on last. It loses exact duplicates within itself, no more.
        further_evaluation: Problems of other evaluation sets that the splits before the last are kept clear of.
        ngram: Words in a run that no training problem may share with an evaluation problem; None: any may.
        similarity: From what share of common word sequences on two problems with the same numbers and the same answer
            count as one; None: only the same text counts.
    """
    *training, held_out = splits
    removals: list[Removal] = []
    kept = {held_out: _each_once(splits[held_out], DuplicateIndex(similarity=None), removals)}
    evaluation = EvaluationIndex([*kept[held_out], *further_evaluation], ngram=ngram)
    index = DuplicateIndex(similarity=similarity)
    for split in reversed(training):
        clean = []
        for problem in splits[split]:
            removal = evaluation.find(problem)
            clean.append(problem) if removal is None else removals.append(removal)
        kept[split] = _each_once(clean, index, removals)
    return {split: kept[split] for split in splits}, removals


def _each_once(problems: Sequence[Problem], index: DuplicateIndex, removals: list[Removal]) -> list[Problem]:
    kept = []
    for problem in problems:
        removal = index.add(problem)
        kept.append(problem) if removal is None else removals.append(removal)
    return kept
