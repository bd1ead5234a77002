"""Problems with the very prompt that a student gets: what every harness is handed."""

from __future__ import annotations

import logging

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError
from supercorrect.problems import load_held_out
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Record

log = logging.getLogger(__name__)


class PromptedProblem(Record):
    """A problem as the student sees it, and the answer that its completion is graded against."""

    problem_id: str
    prompt: str
    reference_answer: str


def load_prompted(problems: str | None, prompt: str) -> list[PromptedProblem]:
    """The problems of a file that `supercorrect eval` would ask, in any layout that it reads; it warns of the others.

    Args:
        problems: The file; None: it was not named.
        prompt: A shipped prompt's name, or a template of the user's own.

    Raises:
        ConfigError: No file is named, or there is no such template.
        InputError: The file cannot be read.
    """
    if problems is None:
        raise ConfigError(
            "no problems are named: expected the path of a jsonl, json or parquet file as 'problems' "
            '(lm_eval: --metadata \'{"problems": "held_out.jsonl"}\'; inspect: -T problems=held_out.jsonl)'
        )
    asked = load_held_out(ProblemSetConfig(path=problems), seed=0, say=log.warning)
    template = read_template(prompt)
    return [
        PromptedProblem(
            problem_id=problem.problem_id,
            prompt=render_prompt(template, problem=problem.problem),
            reference_answer=problem.reference_answer,
        )
        for problem in asked.problems
    ]
