"""Solutions: a student solves problems, and its wrong ones will be its lessons (D_err of section 4.2)."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

from supercorrect.arms import ErrorSet
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.manifest import StageCounts
from supercorrect.models.engines import say_what_is_inexact
from supercorrect.models.placement import place_student
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.records import Problem, Solution, make_id
from supercorrect.training.rendering import chat_prompt_ids, user_message


def run(context: StageContext, errors: ErrorSet) -> tuple[StageCounts, list[Path]]:
    """Write `data/solutions/<errors>.jsonl`, of every problem `samples_per_problem` solutions by each student.

    Of held-out problems it is one, by the HSFT student and drawn as in the evaluation: its errors are the yardstick of
    localisation.
    """
    problems = context.folder.read(f"problems/{errors.split}", Problem)
    config, evaluation = context.recipe.solutions, context.recipe.evaluation
    students = {errors.student: context.student_model(errors.student)}
    if errors.split == "held_out":
        sampling = SamplingConfig(temperature=evaluation.temperature, max_new_tokens=evaluation.max_new_tokens)
        samples = 1
    else:
        sampling = SamplingConfig(**config.model_dump(include=set(SamplingConfig.model_fields)))
        samples = config.samples_per_problem
        students |= config.peers
    solutions = [
        solution
        for name, model in students.items()
        for solution in sample_student(context, name, model, [p for p in problems for _ in range(samples)], sampling)
    ]
    return StageCounts.of(len(solutions), []), [context.folder.write(f"solutions/{errors.name}", solutions)]


def sample_student(
    context: StageContext, name: str, model: str, problems: list[Problem], sampling: SamplingConfig
) -> list[Solution]:
    """One student's solutions; a problem that stands in the list several times is solved as often."""
    template = context.recipe.prompts.hierarchical
    with closing(place_student(context, model)) as student:
        prompts = [chat_prompt_ids(student.tokenizer, user_message(template, problem=p.problem)) for p in problems]
        with context.reporter.task(f"{context.stage}: sample {name}", total=len(prompts)) as task:
            completions = sample_stored(
                student, context.store, prompts, sampling, seed=context.recipe.seed, on_done=task.update
            )
    say_what_is_inexact(context.reporter, name, completions)
    solutions = []
    indices: Counter[str] = Counter()
    for problem, completion in zip(problems, completions, strict=True):
        index = indices[problem.problem_id]
        indices[problem.problem_id] += 1
        solutions.append(
            Solution(
                solution_id=make_id("solution", name, student.fingerprint, problem.problem_id, index),
                problem_id=problem.problem_id,
                student=name,
                sample_index=index,
                completion=completion.text,
                completion_token_ids=completion.token_ids,
                finish_reason=completion.finish_reason,
            )
        )
    return solutions
