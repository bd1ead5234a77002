"""Grading: is a completion's final answer the reference answer? correct, incorrect or ungradable, never fooled.

>>> from supercorrect.grading import grade
>>> grade("so we get $\\\\boxed{0.5}$", "\\\\frac{1}{2}").status
'correct'
"""

from supercorrect.grading.extraction import Extraction, extract_answer
from supercorrect.grading.files import grade_file
from supercorrect.grading.grader import Grader, equivalent, grade
from supercorrect.grading.grades import Grade
from supercorrect.grading.judge import Judge
from supercorrect.grading.policy import GradingPolicy

__all__ = [
    "Extraction",
    "Grade",
    "Grader",
    "GradingPolicy",
    "Judge",
    "equivalent",
    "extract_answer",
    "grade",
    "grade_file",
]
