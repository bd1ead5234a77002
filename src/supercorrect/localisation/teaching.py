"""How good a teacher's corrections are, with and without the inspector, held against people's (Table 5).

The teacher gets the grounded correction prompt and goes through the very supervision of a run. The first wrong step
that it names is compared with the labels, its answers and corrected steps are graded: before any check, after our
checks and remarks, and after the inspector's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supercorrect.budget import Budget
from supercorrect.config import Recipe
from supercorrect.context import StageContext
from supercorrect.formats import render_steps, split_steps
from supercorrect.grading import Grader
from supercorrect.localisation.critics import describe_prompt
from supercorrect.localisation.judged import judge_reviews
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.loading import LabelledSet
from supercorrect.localisation.reviews import Review, read_trace
from supercorrect.localisation.teacher_figures import compute_condition, compute_inspector
from supercorrect.progress import Reporter
from supercorrect.prompts import read_template
from supercorrect.records import Attempt, Correction, Problem, Rejection, Solution
from supercorrect.run_folder import RunFolder
from supercorrect.stages.corrections import ask, assign, read_corrections
from supercorrect.store import RequestStore, StoredResponse, write_json_atomic, write_records
from supercorrect.supervision import Refusal, Supervised

STAGE = "eval-teacher"


@dataclass(frozen=True)
class _Taught:
    """What became of the solutions under one condition: reviews in their order, and every attempt."""

    reviews: list[Review]
    attempts: list[Attempt]


def evaluate_teacher(
    recipe: Recipe, sets: Sequence[LabelledSet], output: Path, store: RequestStore, reporter: Reporter
) -> dict[str, Any]:
    """Have a recipe's teachers correct labelled solutions, and write items and `metrics.json` to `output`.

    Solutions without a wrong step, with a right final answer or without a reference answer are left out, with the
    reason: the grounded prompt is about wrong answers.

    Args:
        recipe: Its teachers, inspector, prompts, rounds, agreement and budget count; its problems and student do not.
    """
    loaded = [solution for one in sets for solution in one.solutions]
    left_out = [rejection for one in sets for rejection in one.rejections]
    left_out += [_leave_out(s, reason) for s in loaded if (reason := _unusable(s)) is not None]
    solutions = [solution for solution in loaded if _unusable(solution) is None]
    budget = Budget(recipe.max_cost_usd, store.spent_usd())
    teach = _Teaching(output, store, reporter, budget)
    alone = teach.run(recipe.model_copy(update={"inspector": None}), solutions)
    conditions = {"first_reply": _first_replies(alone, solutions, store), "without_inspector": alone.reviews}
    inspected = teach.run(recipe, solutions) if recipe.inspector is not None else None
    if inspected is not None:
        conditions["with_inspector"] = inspected.reviews
    judged = {name: judge_reviews(solutions, reviews) for name, reviews in conditions.items()}
    result = {
        "settings": _describe_settings(recipe),
        "n": len(solutions),
        "left_out": dict(Counter(rejection.reason for rejection in left_out)),
        "conditions": {name: compute_condition(rows) for name, rows in judged.items()},
        "sets": {
            one.name: {
                name: compute_condition([row for row in rows if row.set_name == one.name])
                for name, rows in judged.items()
            }
            for one in sets
        },
        "inspector": compute_inspector(_inspected(inspected.attempts, solutions, store)) if inspected else None,
    }
    for name, rows in judged.items():
        write_records(output / f"items_{name}.jsonl", rows)
    write_records(output / "rejects.jsonl", left_out)
    write_json_atomic(output / "metrics.json", result)
    return result


def _describe_settings(recipe: Recipe) -> dict[str, Any]:
    """What the teachers' and the inspector's words depend on."""
    return {
        "teachers": [{"model": t.model, "decoding": t.sampling.model_dump()} for t in recipe.teachers],
        "inspector": recipe.inspector.model if recipe.inspector else None,
        "max_rounds": recipe.max_rounds,
        "agreement": recipe.agreement,
        "grounded_correction": describe_prompt(recipe.prompts.grounded_correction),
        "inspection": describe_prompt(recipe.prompts.inspection),
    }


def _unusable(solution: LabelledSolution) -> str | None:
    if solution.first_error_step is None:
        return "no_wrong_step"
    if solution.answer_correct is True:
        return "answer_right"
    if solution.reference_answer is None:
        return "no_reference_answer"
    rendered = [span.text for span in split_steps(render_steps(solution.steps))]
    return None if rendered == [step.strip() for step in solution.steps] else "steps_hold_tags"


def _leave_out(solution: LabelledSolution, reason: str) -> Rejection:
    return Rejection(stage=STAGE, item_id=solution.item_id, reason=reason)


@dataclass(frozen=True)
class _Teaching:
    """Where teachers are asked."""

    output: Path
    store: RequestStore
    reporter: Reporter
    budget: Budget

    def run(self, recipe: Recipe, solutions: Sequence[LabelledSolution]) -> _Taught:
        """The corrections under a recipe; the solutions of one grading task go out together."""
        reviews: dict[str, Review] = {}
        attempts: list[Attempt] = []
        with ExitStack() as servers:
            context = StageContext(
                recipe,
                RunFolder(self.output),
                self.store,
                self.reporter,
                STAGE,
                fingerprint="",
                budget=self.budget,
                servers=servers,
            )
            for task in dict.fromkeys(solution.answer_task for solution in solutions):
                some = [solution for solution in solutions if solution.answer_task == task]
                supervised = _ask(context, some, task)
                attempts += supervised.attempts
                for i, solution in enumerate(some):
                    reviews[solution.item_id] = _review(supervised, i)
        return _Taught([reviews[solution.item_id] for solution in solutions], attempts)


def _ask(context: StageContext, solutions: Sequence[LabelledSolution], task: str) -> Supervised[Correction]:
    problems = [_problem(solution) for solution in solutions]
    written = [_solution(solution) for solution in solutions]
    template = read_template(context.recipe.prompts.grounded_correction)
    assignments = [assign(template, problem, one) for problem, one in zip(problems, written, strict=True)]
    with Grader(task) as grader:

        def read(replies: Sequence[tuple[int, StoredResponse]]) -> list[Correction | Refusal]:
            return read_corrections([(problems[i], written[i], reply) for i, reply in replies], grader)

        return ask(context, assignments, read)


def _review(supervised: Supervised[Correction], index: int) -> Review:
    """What was accepted, as a review; what was not is unreadable, by its last reason."""
    correction = supervised.accepted.get(index)
    if correction is None:
        return Review(unreadable=supervised.refused[index].reason)
    return Review(
        correction.first_error_step,
        correction.cause,
        correction.correction,
        correction.corrected_answer,
        reply=correction.completion,
    )


def _first_replies(taught: _Taught, solutions: Sequence[LabelledSolution], store: RequestStore) -> list[Review]:
    """What the first teacher said at once, before anybody looked at it."""
    first: dict[str, Attempt] = {}
    for attempt in taught.attempts:
        first.setdefault(attempt.item_id, attempt)
    return [_read_reply(first[solution.item_id], solution, store) for solution in solutions]


def _read_reply(attempt: Attempt, solution: LabelledSolution, store: RequestStore) -> Review:
    reply = store.get(attempt.request_key)
    if reply is None or reply.status != "ok":
        return Review(unreadable=reply.status if reply else "failed")
    return read_trace(reply.text, len(solution.steps))


def _inspected(
    attempts: Sequence[Attempt], solutions: Sequence[LabelledSolution], store: RequestStore
) -> list[tuple[bool, bool]]:
    """For each reply that the inspector saw: whether it accepted it, and whether people name the same step."""
    by_id = {solution.item_id: solution for solution in solutions}
    seen = [attempt for attempt in attempts if attempt.inspector_request_key is not None]
    replies = [(attempt, by_id[attempt.item_id]) for attempt in seen]
    return [
        (attempt.reason is None, _read_reply(attempt, solution, store).named_step == solution.first_error_step)
        for attempt, solution in replies
    ]


def _problem(solution: LabelledSolution) -> Problem:
    answer = solution.reference_answer or ""
    return Problem(
        problem_id=solution.item_id,
        problem=solution.problem,
        reference_solution=solution.reference_solution or f"The answer is {answer}",
        reference_answer=answer,
        split="held_out",
        source=solution.set_name,
    )


def _solution(solution: LabelledSolution) -> Solution:
    return Solution(
        solution_id=solution.item_id,
        problem_id=solution.item_id,
        student=solution.set_name,
        sample_index=0,
        completion=render_steps(solution.steps),
        completion_token_ids=(),
        finish_reason="stop",
    )
