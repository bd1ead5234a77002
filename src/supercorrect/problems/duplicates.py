"""Duplicates within training: the same problem in other dress, and nearly the same words about the same numbers.

Problems that differ in their numbers alone are the rule in mathematics, and are different problems. So two are near
duplicates only if they have the same numbers in the same order and the same answer, and most of their words besides.
Numbers and answer make the groups within which texts are compared, so the comparison is exact and needs no sketches.
"""

from __future__ import annotations

import math
from collections import defaultdict
from hashlib import blake2b

from supercorrect.problems.removal import Removal
from supercorrect.problems.text import normalise_text, numbers_of, words_of
from supercorrect.records import Problem

SHINGLE_WORDS = 3
Shingles = frozenset[int]
Group = tuple[str, tuple[str, ...]]


class DuplicateIndex:
    """The problems that stay. What is added first stays; a later one that is a duplicate of it is named."""

    def __init__(self, *, similarity: float | None) -> None:
        """An empty index.

        Args:
            similarity: The least share of common word sequences (Jaccard) of near duplicates. None: only exact ones.
        """
        self._similarity = similarity
        self._by_text: dict[str, Problem] = {}
        self._groups: dict[Group, Problem | _Group] = {}  # most problems are alone in theirs: no texts are cut up

    def add(self, problem: Problem) -> Removal | None:
        """Keep a problem, or say because of which other one it goes."""
        text = normalise_text(problem.problem) or problem.problem
        same = self._by_text.get(text)
        if same is not None:
            reason = "duplicate" if same.split == problem.split else "in_later_split"
            return Removal(problem, reason, same)
        if self._similarity is not None and problem.reference_answer:
            near = self._add_to_group(problem, self._similarity)
            if near is not None:
                other, share = near
                return Removal(problem, "near_duplicate", other, f"{share:.2f} of word sequences in common")
        self._by_text[text] = problem
        return None

    def _add_to_group(self, problem: Problem, similarity: float) -> tuple[Problem, float] | None:
        key = normalise_text(problem.reference_answer), numbers_of(problem.problem)
        group = self._groups.setdefault(key, problem)
        if group is problem:
            return None
        if isinstance(group, Problem):
            alone, group = group, _Group()
            group.add(alone, similarity)
            self._groups[key] = group
        return group.add(problem, similarity)


class _Group:
    """Problems with the same numbers and the same answer.

    Two sets with a Jaccard index of at least s share one of the first ⌊(1 - s)·n⌋ + 1 items of either, in any fixed
    order; so only those are indexed, and a large group is not compared all against all.
    """

    def __init__(self) -> None:
        self._problems: list[tuple[Problem, Shingles]] = []
        self._by_shingle: dict[int, list[int]] = defaultdict(list)

    def add(self, problem: Problem, similarity: float) -> tuple[Problem, float] | None:
        """Keep a problem, or give the one that it nearly is, with their similarity."""
        shingles = _shingles(problem.problem)
        first = sorted(shingles)[: math.floor((1 - similarity) * len(shingles) + 1e-9) + 1]
        for place in sorted({place for shingle in first for place in self._by_shingle.get(shingle, ())}):
            other, theirs = self._problems[place]
            share = len(shingles & theirs) / len(shingles | theirs)
            if share >= similarity:
                return other, share
        for shingle in first:
            self._by_shingle[shingle].append(len(self._problems))
        self._problems.append((problem, shingles))
        return None


def _shingles(text: str) -> Shingles:
    """Hashes of the sequences of three words; a shorter text is one sequence."""
    words = words_of(text)
    runs = (" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(len(words) - SHINGLE_WORDS, 0) + 1))
    return frozenset(int.from_bytes(blake2b(run.encode(), digest_size=8).digest(), "big") for run in runs)
