"""Asking models about problems and grading what they write, batch by batch; killed, it goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from supercorrect.budget import Budget
from supercorrect.errors import ConfigError
from supercorrect.evaluation.drawing import ModelEvaluation
from supercorrect.evaluation.items import EvaluatedSample, ItemWriter
from supercorrect.evaluation.opening import Access, open_solver, public_name
from supercorrect.evaluation.settings import EvaluationSettings
from supercorrect.evaluation.summary import compare_models, describe_grader, group_outcomes, summarise
from supercorrect.grading import Grader
from supercorrect.judging import open_grader
from supercorrect.problems import load_held_out
from supercorrect.progress import Reporter, Task
from supercorrect.records import Problem
from supercorrect.run_folder import fingerprint_of
from supercorrect.store import RequestStore


def evaluate_models(
    models: Sequence[str],
    settings: EvaluationSettings,
    *,
    store_path: Path,
    output: Path | None,
    reporter: Reporter,
    access: Access,
) -> dict[str, Any]:
    """Measure models on a problem set, and compare them.

    Args:
        models: See `open_solver`.
        store_path: Keeps what models write; what stands there is not asked again.
        output: Receives a row a sample; see `ItemWriter`.

    Returns:
        `models` (figures and settings of each), `comparisons`, and what holds for all.

    Raises:
        ConfigError: The models are not different, or not as many as the prompts.
        SuperCorrectError: A model cannot be asked; what has been answered is kept.
    """
    names = [public_name(model) for model in models]
    if len(set(names)) < len(models) or len(settings.prompts) not in (1, len(models)):
        raise ConfigError(
            f"expected different models and one prompt, or one for each model; got {len(models)} models "
            f"({', '.join(names)}) and {len(settings.prompts)} prompts"
        )
    asked = load_held_out(settings.problems, seed=settings.seed, say=reporter.say)
    rows: list[EvaluatedSample] = []
    described, outcomes = [], {}
    writer = ItemWriter(output)
    with RequestStore(store_path) as store, open_grader(settings.grading) as grader, writer:
        budget = Budget(access.max_cost_usd, store.spent_usd())
        for index, (model, name) in enumerate(zip(models, names, strict=True)):
            with closing(open_solver(model, settings, store, budget, access)) as solver:
                evaluation = ModelEvaluation(solver, settings, index)
                own, description = _evaluate(evaluation, asked.problems, grader, writer, reporter)
            rows += own
            outcomes[name] = group_outcomes(own, grader, reporter)
            described.append({"model": name, **description, **summarise(outcomes[name])})
        writer.finish(rows)
    return {
        "problems": {
            "source": asked.name,
            "layout": asked.layout,
            "fingerprint": fingerprint_of([(p.problem_id, p.reference_answer) for p in asked.problems]),
            "n": len(asked.problems),
            "repeated": asked.repeated,
            "left_out": asked.left_out,
        },
        "models": described,
        "comparisons": compare_models(outcomes),
        "settings": settings.shown,
        "grader": describe_grader(settings.grading),
    }


def _evaluate(
    evaluation: ModelEvaluation, problems: Sequence[Problem], grader: Grader, writer: ItemWriter, reporter: Reporter
) -> tuple[list[EvaluatedSample], dict[str, object]]:
    """One model's rows, in the order of problems and samples, written as they come; and what stands beside them."""
    rows: list[EvaluatedSample] = []
    total = len(problems) * evaluation.settings.samples
    with reporter.task(f"evaluate {evaluation.solver.name}", total=total) as task:
        for batch in evaluation.batches(problems):
            for sample_index in range(evaluation.settings.samples):
                done = len(rows)
                drawn = evaluation.draw(batch, sample_index, partial(_show, task, done))
                fresh = drawn.grade(grader, evaluation.solver.name)
                writer.add(fresh)
                rows += fresh
                right = sum(row.status == "correct" for row in rows)
                task.update(len(rows), f"{100 * right / len(rows):.1f} % right so far")
    order = {problem.problem_id: i for i, problem in enumerate(problems)}
    return sorted(rows, key=lambda row: (order[row.problem_id], row.sample_index)), evaluation.describe()


def _show(task: Task, done: int, fresh: int) -> None:
    task.update(done + fresh)
