"""Problem sets: loading them in any layout, choosing from them, and keeping training clear of what is evaluated on."""

from supercorrect.problems.cleaning import clean_splits
from supercorrect.problems.held_out import HeldOutSet, load_held_out
from supercorrect.problems.loading import EVALUATION, LoadedSet, load_problems
from supercorrect.problems.preparation import PreparedProblems, prepare_problems
from supercorrect.problems.removal import Removal
from supercorrect.problems.summary import summarise
from supercorrect.problems.text import normalise_text

__all__ = [
    "EVALUATION",
    "HeldOutSet",
    "LoadedSet",
    "PreparedProblems",
    "Removal",
    "clean_splits",
    "load_held_out",
    "load_problems",
    "normalise_text",
    "prepare_problems",
    "summarise",
]
