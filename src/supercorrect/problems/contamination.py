"""Decontamination: what shares a long run of words with an evaluation problem does not stand in training.

The run of 13 words is GPT-3's (arXiv 2005.14165, appendix C). Two things differ, both to the safe side: words are
compared without LaTeX's dress, and a run that is common in training, such as "where m and n are relatively prime
positive integers find", counts like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from supercorrect.problems.removal import Removal
from supercorrect.problems.text import words_of
from supercorrect.records import Problem


class EvaluationIndex:
    """The evaluation problems, by their text and by each run of words in it."""

    def __init__(self, problems: Iterable[Problem], *, ngram: int | None) -> None:
        """Index problems.

        Args:
            ngram: Words in a run; None: runs are not compared. A problem of fewer words is found by its text alone.
        """
        self._ngram = ngram
        self._by_text: dict[str, Problem] = {}
        self._by_run: dict[str, Problem] = {}
        for problem in problems:
            words = words_of(problem.problem)
            self._by_text.setdefault("".join(words) or problem.problem, problem)
            for run in self._runs(words):
                self._by_run.setdefault(run, problem)

    def find(self, problem: Problem) -> Removal | None:
        """Why a problem must not be trained on; None: it may be.

        The whole text counts as the same even where it differs in signs and spacing: `cos 150` is too near to
        `cos(-150)` to train on the one and be measured on the other.
        """
        words = words_of(problem.problem)
        same = self._by_text.get("".join(words) or problem.problem)
        if same is not None:
            return Removal(problem, "in_evaluation_set", same)
        for run in self._runs(words):
            if run in self._by_run:
                return Removal(problem, f"shares_{self._ngram}_gram", self._by_run[run], f"“{run}”")
        return None

    def _runs(self, words: list[str]) -> Iterator[str]:
        if self._ngram is None:
            return
        for start in range(len(words) - self._ngram + 1):
            yield " ".join(words[start : start + self._ngram])
