"""What a recipe will cost, before the teacher is asked anything."""

from supercorrect.estimate.costs import Estimate, StageEstimate, estimate_recipe
from supercorrect.estimate.figures import Figure

__all__ = ["Estimate", "Figure", "StageEstimate", "estimate_recipe"]
