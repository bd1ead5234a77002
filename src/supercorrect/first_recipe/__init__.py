"""A recipe from four answers."""

from supercorrect.first_recipe.answers import HARDWARE, SANDBOX, Answers
from supercorrect.first_recipe.writing import compose_recipe

__all__ = ["HARDWARE", "SANDBOX", "Answers", "compose_recipe"]
