"""One model, outside of any run: its accuracy on a problem set, or its solution of one problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from supercorrect.config import ProblemSetConfig, SamplingConfig, StudentConfig
from supercorrect.grading import Grader
from supercorrect.metrics import compute_accuracy
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.problems import load_problems
from supercorrect.progress import Reporter
from supercorrect.store import write_text_atomic
from supercorrect.training.rendering import chat_prompt_ids, user_message


def evaluate_model(
    model: str,
    path: Path,
    *,
    template: str,
    temperature: float,
    max_new_tokens: int,
    batch_size: int,
    seed: int,
    output: Path | None,
    reporter: Reporter,
) -> dict[str, Any]:
    """Accuracy of a model, with the settings that it was measured under.

    Args:
        model: Folder or hub id.
        path: Problems, as jsonl, json or parquet, in any known layout.
        template: Prompt, by name or path.
        output: Receives each completion with its verdict; None: nothing is written.
    """
    [loaded] = load_problems([ProblemSetConfig(path=str(path))], split="held_out", seed=seed)
    problems = loaded.problems
    if loaded.rejections:
        reporter.say(f"{path}: {len(loaded.rejections)} of {loaded.rows} rows left out: no reference answer")
    student = TransformersStudent(model, StudentConfig(model=model, batch_size=batch_size))
    sampling = SamplingConfig(temperature=temperature, max_new_tokens=max_new_tokens)
    prompts = [chat_prompt_ids(student.tokenizer, user_message(template, problem=p.problem)) for p in problems]
    texts: list[str] = []
    with reporter.task(f"evaluate {model}", total=len(prompts)) as task:
        for start in range(0, len(prompts), batch_size):
            batch = prompts[start : start + batch_size]
            texts += [c.text for c in student.sample(batch, sampling, seed=seed + start)]
            task.update(len(texts))
    with Grader() as grader:
        grades = grader.grade_many([(t, p.reference_answer) for t, p in zip(texts, problems, strict=True)])
    if output is not None:
        rows = [
            {
                "problem_id": p.problem_id,
                "status": g.status,
                "extracted": g.extracted,
                "reason": g.reason,
                "completion": t,
            }
            for p, g, t in zip(problems, grades, texts, strict=True)
        ]
        write_text_atomic(output, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return {
        "model": model,
        "model_fingerprint": student.fingerprint,
        "problems": str(path),
        "template": template,
        "temperature": temperature,
        "max_new_tokens": max_new_tokens,
        "seed": seed,
        "accuracy": compute_accuracy([g.status for g in grades]),
        "ungradable": sum(g.status == "ungradable" for g in grades),
    }


def solve_one(problem: str, model: str, *, template: str, max_new_tokens: int) -> str:
    """A model's greedy solution of one problem."""
    student = TransformersStudent(model, StudentConfig(model=model))
    prompt = chat_prompt_ids(student.tokenizer, user_message(template, problem=problem))
    return student.sample([prompt], SamplingConfig(max_new_tokens=max_new_tokens), seed=0)[0].text
