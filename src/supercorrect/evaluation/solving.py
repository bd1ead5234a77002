"""One problem, solved by one student, with nothing kept."""

from __future__ import annotations

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.training.rendering import chat_prompt_ids, user_message


def solve_one(problem: str, model: str, *, template: str, max_new_tokens: int) -> str:
    """A model's greedy solution of one problem."""
    student = TransformersStudent(model, StudentConfig(model=model))
    prompt = chat_prompt_ids(student.tokenizer, user_message(template, problem=problem))
    return student.sample([prompt], SamplingConfig(max_new_tokens=max_new_tokens), seed=0)[0].text
