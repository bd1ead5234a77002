"""Evaluation: every arm solves the held-out problems, corrects itself, and judges the HSFT student's solutions.

The student sees the problem and its own words, never a reference: prompts are made from `Problem.problem` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from supercorrect.arms import HELD_OUT, corrects_itself, prompt_of
from supercorrect.config import SamplingConfig
from supercorrect.context import StageContext
from supercorrect.judging import grade_completions
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.transformers_student import TokenCompletion, TransformersStudent
from supercorrect.records import EvaluationItem, Problem, Solution
from supercorrect.reviewing import Finding, WrittenSolution, find_first_errors, rewrite_from
from supercorrect.run_folder import StageCounts
from supercorrect.training.rendering import chat_prompt_ids, user_message


@dataclass(frozen=True)
class Passes:
    """What an arm wrote about every problem: greedy, sampled, and the sampled ones after self-correction."""

    greedy: list[TokenCompletion]
    sampled: list[TokenCompletion]
    corrected: list[str] | None


def run(context: StageContext, arm: str) -> tuple[StageCounts, list[Path]]:
    """Write `evaluation/<arm>.jsonl`, one row a held-out problem."""
    problems = context.folder.read("problems/held_out", Problem)
    evaluator = Evaluator(context, arm)
    texts = [problem.problem for problem in problems]
    with context.reporter.task(f"evaluate {arm}", total=3) as task:
        passes = evaluator.solve(texts)
        task.update(2)
        judged = evaluator.localise(dict(zip((p.problem_id for p in problems), texts, strict=True)))
        task.update(3)
    written = [*_texts(passes.greedy), *_texts(passes.sampled), *(passes.corrected or ())]
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
                greedy_completion=passes.greedy[i].text,
                sampled=sampled[i],
                sampled_completion=passes.sampled[i].text,
                corrected=corrected[i] if corrected else None,
                corrected_completion=passes.corrected[i] if passes.corrected else None,
                reviewed_solution_id=solution_id,
                located_step=finding.step if finding else None,
                located_correction=finding.correction if finding else None,
            )
        )
    return costs.with_rejections(len(items), []), [context.folder.write(f"evaluation/{arm}", items)]


class Evaluator:
    """One arm's student, asked in the ways that the measures need."""

    def __init__(self, context: StageContext, arm: str) -> None:
        self._context = context
        self._prompts = context.recipe.prompts
        self._template = prompt_of(context.recipe, arm)
        self._corrects_itself = corrects_itself(context.recipe, arm)
        self._student = TransformersStudent(context.student_model(arm), context.recipe.student)
        self._seed = context.recipe.seed
        evaluation = context.recipe.evaluation
        self._greedy = SamplingConfig(temperature=0.0, max_new_tokens=evaluation.max_new_tokens)
        self._reviewing = SamplingConfig(temperature=0.0, max_new_tokens=context.recipe.reviews.max_new_tokens)
        self._sampled = SamplingConfig(temperature=evaluation.temperature, max_new_tokens=evaluation.max_new_tokens)

    def solve(self, problems: list[str]) -> Passes:
        """Greedy, sampled, and sampled with self-correction."""
        student, store = self._student, self._context.store
        prompts = [chat_prompt_ids(student.tokenizer, user_message(self._template, problem=text)) for text in problems]
        greedy = sample_stored(student, store, prompts, self._greedy, seed=self._seed)
        sampled = sample_stored(student, store, prompts, self._sampled, seed=self._seed)
        if not self._corrects_itself:
            return Passes(greedy, sampled, None)
        written = [WrittenSolution(p, c.text, c.token_ids) for p, c in zip(problems, sampled, strict=True)]
        corrected = rewrite_from(
            student, store, written, self._review(written), self._template, self._greedy, seed=self._seed
        )
        return Passes(greedy, sampled, corrected)

    def localise(self, problems: dict[str, str]) -> dict[str, tuple[str, Finding | None]]:
        """What the arm faults in the HSFT student's first solution of each problem, by problem_id."""
        if not self._context.recipe.evaluation.localise or not self._corrects_itself:
            return {}
        solutions = [
            s for s in self._context.folder.read(f"solutions/{HELD_OUT.name}", Solution) if s.sample_index == 0
        ]
        written = [WrittenSolution(problems[s.problem_id], s.completion, s.completion_token_ids) for s in solutions]
        findings = self._review(written)
        return {s.problem_id: (s.solution_id, f) for s, f in zip(solutions, findings, strict=True)}

    def _review(self, written: list[WrittenSolution]) -> list[Finding | None]:
        return find_first_errors(
            self._student, self._context.store, written, self._prompts.correction, self._reviewing, seed=self._seed
        )


def _texts(completions: list[TokenCompletion]) -> list[str]:
    return [completion.text for completion in completions]
