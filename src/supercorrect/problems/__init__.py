"""Problem sets: loading them, and keeping their splits apart."""

from supercorrect.problems.loading import load_problem_set
from supercorrect.problems.overlap import keep_splits_apart, normalise_text

__all__ = ["keep_splits_apart", "load_problem_set", "normalise_text"]
