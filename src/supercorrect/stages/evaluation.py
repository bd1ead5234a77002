"""Evaluation: every arm solves the held-out problems, corrects itself, and judges the HSFT student's solutions.

The student sees the problem and its own words, never a reference: prompts are made from `Problem.problem` alone.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from supercorrect.arms import HELD_OUT, REFLEXION, corrects_itself, model_of, prompt_of
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.evaluation.reflexion import ReflexionPrompts, reflect_and_retry, review_and_retry
from supercorrect.evaluation.self_correction import Revised, StepReviewer
from supercorrect.evaluation.solvers import StudentSolver, Written
from supercorrect.judging import grade_completions
from supercorrect.manifest import StageCounts
from supercorrect.models.placement import place_student
from supercorrect.models.student import Student
from supercorrect.records import EvaluationItem, Problem, Solution
from supercorrect.reviewing import Finding
from supercorrect.training.rendering import user_message


@dataclass(frozen=True)
class Passes:
    """What an arm wrote about every problem: greedy, sampled, and the sampled ones after self-correction."""

    greedy: list[str]
    sampled: list[str]
    corrected: list[Revised] | None


def run(context: StageContext, arm: str) -> tuple[StageCounts, list[Path]]:
    """Write `evaluation/<arm>.jsonl`, one row a held-out problem."""
    problems = context.folder.read("problems/held_out", Problem)
    texts = [problem.problem for problem in problems]
    opened = closing(place_student(context, context.student_model(model_of(arm))))
    with opened as student, context.reporter.task(f"evaluate {arm}", total=3) as task:
        evaluator = Evaluator(context, arm, student)
        passes = evaluator.solve(texts)
        task.update(2)
        judged = evaluator.localise(dict(zip((p.problem_id for p in problems), texts, strict=True)))
        task.update(3)
    written = [*passes.greedy, *passes.sampled, *(revised.completion for revised in passes.corrected or ())]
    rows = [(text, p.reference_answer, p.problem) for text, p in zip(written, cycle(problems), strict=False)]
    grades, costs = grade_completions(context, rows)
    statuses, n = [grade.status for grade in grades], len(problems)
    greedy, sampled, corrected = statuses[:n], statuses[n : 2 * n], statuses[2 * n :]
    items = []
    for i, problem in enumerate(problems):
        solution_id, finding = judged.get(problem.problem_id, (None, None))
        items.append(
            EvaluationItem(
                arm=arm,
                problem_id=problem.problem_id,
                greedy=greedy[i],
                greedy_completion=passes.greedy[i],
                sampled=sampled[i],
                sampled_completion=passes.sampled[i],
                corrected=corrected[i] if corrected else None,
                corrected_completion=passes.corrected[i].completion if passes.corrected else None,
                faulted=passes.corrected[i].faulted if passes.corrected else None,
                reviewed_solution_id=solution_id,
                located_step=finding.step if finding else None,
                located_correction=finding.correction if finding else None,
            )
        )
    return costs.with_rejections(len(items), []), [context.folder.write(f"evaluation/{arm}", items)]


class Evaluator:
    """One arm's student, asked in the ways that the measures need."""

    def __init__(self, context: StageContext, arm: str, student: Student) -> None:
        self._context = context
        self._arm = arm
        self._prompts = context.recipe.prompts
        self._template = prompt_of(context.recipe, arm)
        self._corrects_itself = corrects_itself(context.recipe, arm)
        self._solver = StudentSolver(student, context.store, seed=context.recipe.seed)
        evaluation = context.recipe.evaluation
        self._greedy = SamplingConfig(temperature=0.0, max_new_tokens=evaluation.max_new_tokens)
        self._sampled = SamplingConfig(temperature=evaluation.temperature, max_new_tokens=evaluation.max_new_tokens)
        reviewing = SamplingConfig(temperature=0.0, max_new_tokens=context.recipe.reviews.max_new_tokens)
        self._reviewer = StepReviewer(
            self._solver, self._template, self._prompts.correction, reviewing=reviewing, rewriting=self._greedy
        )

    def solve(self, problems: list[str]) -> Passes:
        """Greedy, sampled, and sampled with self-correction; of Reflexion what it stands by in the end."""
        messages = [user_message(self._template, problem=text) for text in problems]
        greedy = self._solver.write(messages, self._greedy)
        sampled = self._solver.write(messages, self._sampled)
        if self._arm == REFLEXION:
            after = [self._reflect(problems, *one) for one in ((greedy, self._greedy), (sampled, self._sampled))]
            return Passes(after[0], after[1], None)
        corrected = None
        if self._corrects_itself:
            written = [self._reviewer.written(p, s.text, s.token_ids) for p, s in zip(problems, sampled, strict=True)]
            corrected = self._reviewer.correct(written)
        return Passes([w.text for w in greedy], [w.text for w in sampled], corrected)

    def localise(self, problems: dict[str, str]) -> dict[str, tuple[str, Finding | None]]:
        """What the arm faults in the HSFT student's first solution of each problem, by problem_id."""
        if not self._context.recipe.evaluation.localise or not self._corrects_itself:
            return {}
        solutions = [
            s for s in self._context.folder.read(f"solutions/{HELD_OUT.name}", Solution) if s.sample_index == 0
        ]
        written = [
            self._reviewer.written(problems[s.problem_id], s.completion, s.completion_token_ids) for s in solutions
        ]
        findings = self._reviewer.review(written)
        return {s.problem_id: (s.solution_id, f) for s, f in zip(solutions, findings, strict=True)}

    def _reflect(self, problems: list[str], attempts: list[Written], sampling: SamplingConfig) -> list[str]:
        if self._prompts.reflection is None:
            revised = review_and_retry(self._reviewer, problems, attempts, sampling)
        else:
            prompts = ReflexionPrompts(self._template, self._prompts.reflection, self._prompts.retry)
            revised = reflect_and_retry(self._solver, problems, attempts, prompts, sampling, self._greedy)
        return [one.completion for one in revised]
