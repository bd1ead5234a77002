"""One problem, solved by one student, with nothing kept."""

from __future__ import annotations

from contextlib import closing

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.engines import open_student
from supercorrect.training.rendering import chat_prompt_ids, user_message


def solve_one(problem: str, model: str, *, template: str, max_new_tokens: int) -> str:
    """A model's greedy solution of one problem."""
    with closing(open_student(model, StudentConfig(model=model))) as student:
        prompt = chat_prompt_ids(student.tokenizer, user_message(template, problem=problem))
        return student.sample([prompt], SamplingConfig(max_new_tokens=max_new_tokens), seed=0)[0].text
