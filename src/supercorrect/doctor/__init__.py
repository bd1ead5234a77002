"""Whether this machine can run a recipe, and what to do where it cannot."""

from supercorrect.doctor.examination import examine
from supercorrect.doctor.finding import Finding

__all__ = ["Finding", "examine"]
