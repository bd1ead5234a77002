"""Grading: is a completion's final answer the reference answer? correct, incorrect or ungradable, never fooled.

>>> from supercorrect.grading import grade
>>> grade("so we get $\\\\boxed{0.5}$", "\\\\frac{1}{2}").status
'correct'
"""

from supercorrect.config import GradingPolicy
from supercorrect.grading.extraction import Extraction, extract_answer
from supercorrect.grading.files import grade_file
from supercorrect.grading.grader import Grader, equivalent, grade
from supercorrect.grading.grades import Grade
from supercorrect.grading.judge import Judge, can_be_judged, judge_failed, read_judgement, render_judge_prompt
from supercorrect.grading.version import grader_version

__all__ = [
    "Extraction",
    "Grade",
    "Grader",
    "GradingPolicy",
    "Judge",
    "can_be_judged",
    "equivalent",
    "extract_answer",
    "grade",
    "grade_file",
    "grader_version",
    "judge_failed",
    "read_judgement",
    "render_judge_prompt",
]
