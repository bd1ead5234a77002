"""Solutions: a student solves problems, and its wrong ones will be its lessons (D_err of section 4.2)."""

from __future__ import annotations

from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.records import Problem, Solution, make_id
from supercorrect.run_folder import StageCounts
from supercorrect.training.rendering import chat_prompt_ids, user_message


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/solutions/<errors>.jsonl`, of every problem `samples_per_problem` solutions.

    Of held-out problems it is one, drawn as in the evaluation: its errors are the yardstick of localisation.
    """
    problems = context.folder.read(f"problems/{errors.split}", Problem)
    config, evaluation = context.recipe.solutions, context.recipe.evaluation
    samples = config.samples_per_problem
    sampling = SamplingConfig(**config.model_dump(include=set(SamplingConfig.model_fields)))
    if errors.split == "held_out":
        samples = 1
        sampling = SamplingConfig(temperature=evaluation.temperature, max_new_tokens=evaluation.max_new_tokens)
    student = TransformersStudent(context.student_model(errors.student), context.recipe.student)
    asked = [(problem, index) for problem in problems for index in range(samples)]
    template = context.recipe.prompts.hierarchical
    prompts = [chat_prompt_ids(student.tokenizer, user_message(template, problem=p.problem)) for p, _ in asked]
    solutions = []
    with context.reporter.task(f"sample {errors.name}", total=len(prompts)) as task:
        completions = sample_stored(
            student, context.store, prompts, sampling, seed=context.recipe.seed, on_done=task.update
        )
    for (problem, index), completion in zip(asked, completions, strict=True):
        solutions.append(
            Solution(
                solution_id=make_id("solution", student.fingerprint, problem.problem_id, index),
                problem_id=problem.problem_id,
                student=errors.student,
                sample_index=index,
                completion=completion.text,
                completion_token_ids=completion.token_ids,
                finish_reason=completion.finish_reason,
            )
        )
    return StageCounts.of(len(asked), []), [context.folder.write(f"solutions/{errors.name}", solutions)]
