"""Solutions: the HSFT student solves problems, and its wrong ones will be its lessons (D_err of section 4.2)."""

from __future__ import annotations

from pathlib import Path

from supercorrect.context import StageContext
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.records import Problem, Solution, make_id
from supercorrect.run_folder import StageCounts
from supercorrect.training.rendering import chat_prompt_ids, user_message


def run(context: StageContext, split: str) -> tuple[StageCounts, list[Path]]:
    """Write `data/solutions/<split>.jsonl`: `samples_per_problem` solutions of every problem."""
    problems = context.folder.read(f"problems/{split}", Problem)
    config = context.recipe.solutions
    student = TransformersStudent(context.student_model("hsft"), context.recipe.student)
    asked = [(problem, index) for problem in problems for index in range(config.samples_per_problem)]
    template = context.recipe.prompts.hierarchical
    prompts = [chat_prompt_ids(student.tokenizer, user_message(template, problem=p.problem)) for p, _ in asked]
    solutions = []
    with context.reporter.task(f"sample {split}", total=len(prompts)) as task:
        completions = sample_stored(
            student, context.store, prompts, config, seed=context.recipe.seed, on_done=task.update
        )
    for (problem, index), completion in zip(asked, completions, strict=True):
        solutions.append(
            Solution(
                solution_id=make_id("solution", student.fingerprint, problem.problem_id, index),
                problem_id=problem.problem_id,
                student="hsft",
                sample_index=index,
                completion=completion.text,
                completion_token_ids=completion.token_ids,
                finish_reason=completion.finish_reason,
            )
        )
    return StageCounts.of(len(asked), []), [context.folder.write(f"solutions/{split}", solutions)]
