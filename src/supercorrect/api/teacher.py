"""A teacher by itself: corrections of anybody's wrong solutions, and thoughts about anybody's problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from supercorrect.budget import Budget
from supercorrect.config import EndpointConfig, GradingConfig, PromptsConfig, Recipe
from supercorrect.context import StageContext
from supercorrect.evaluation.self_correction import number_steps
from supercorrect.grading import Grader
from supercorrect.judging import open_grader
from supercorrect.progress import Reporter
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Correction, Problem, Record, Solution, Thought, make_id
from supercorrect.run_folder import RunFolder
from supercorrect.stages.corrections import assign, read_corrections
from supercorrect.stages.thoughts import read_thoughts
from supercorrect.store import RequestStore, StoredResponse
from supercorrect.supervision import Assignment, Refusal, supervise

Written = TypeVar("Written", bound=Record)
Replies = Sequence[tuple[int, StoredResponse]]
DEFAULT_STORE = "runs/teacher.sqlite"


@dataclass(frozen=True)
class WrongSolution:
    """A solution that is known to be wrong. Without `<Step…>` tags, each of its paragraphs is a step."""

    problem: str
    reference_solution: str
    reference_answer: str
    solution: str


class Teacher:
    """A model behind an OpenAI-compatible URL that supervises, as in a run but without one.

    What it writes is parsed and graded before it is taken; what is refused goes back to it with the reason. Each answer
    is kept in the store, so that the same question is never paid for twice.

        teacher = Teacher("gpt-4o-mini", max_cost_usd=1.0)
        correction = teacher.correct("What is 2 + 3 * 4?", "2 + 12 = 14", "14", "2 + 3 = 5, so 5 * 4 = 20")
    """

    def __init__(
        self,
        endpoint: EndpointConfig | str,
        *,
        inspector: EndpointConfig | None = None,
        prompts: PromptsConfig | None = None,
        grading: GradingConfig | None = None,
        max_rounds: int = 3,
        max_cost_usd: float | None = None,
        store: str | Path = DEFAULT_STORE,
        quiet: bool = True,
    ) -> None:
        """Describe a teacher; nothing is asked yet.

        Args:
            endpoint: The keys of a recipe's `teacher`, or a model's name at OpenAI (or `OPENAI_BASE_URL`).
            inspector: Checks what the teacher writes. None: parsing and grading alone do.
            prompts: None: the shipped ones.
            grading: How answers are graded. None: as mathematics.
            max_rounds: How often it is asked for one thing.
            max_cost_usd: What it may cost, with what the store has cost before. None: no limit.
            store: The SQLite file with all answers.
            quiet: Whether progress is shown on stderr.
        """
        teacher = EndpointConfig(model=endpoint) if isinstance(endpoint, str) else endpoint
        self._recipe = Recipe.model_construct(  # the part of a recipe that supervision reads
            name="teacher",
            teacher=teacher,
            inspector=inspector,
            prompts=prompts or PromptsConfig(),
            grading=grading or GradingConfig(),
            max_rounds=max_rounds,
        )
        self._max_cost_usd = max_cost_usd
        self._store = Path(store)
        self._reporter = Reporter(quiet=quiet)

    def correct(
        self, problem: str, reference_solution: str, reference_answer: str, solution: str
    ) -> Correction | Refusal:
        """Find the first wrong step of a wrong solution, its cause and its correction (section 4.2).

        Returns:
            The correction, whose `first_error_step` counts from 1, or why there is none that can be taken.
        """
        return self.correct_all([WrongSolution(problem, reference_solution, reference_answer, solution)])[0]

    def correct_all(self, wrong: Sequence[WrongSolution]) -> list[Correction | Refusal]:
        """As `correct`, for many solutions at once, in order."""
        problems = [_problem(one.problem, one.reference_solution, one.reference_answer) for one in wrong]
        solutions = [_solution(problem, one.solution) for problem, one in zip(problems, wrong, strict=True)]
        template = read_template(self._recipe.prompts.grounded_correction)
        assignments = [assign(template, p, s) for p, s in zip(problems, solutions, strict=True)]

        def read(replies: Replies, grader: Grader) -> list[Correction | Refusal]:
            return read_corrections([(problems[i], solutions[i], reply) for i, reply in replies], grader)

        return self._supervise("corrections", assignments, read)

    def explain(self, problem: str, reference_solution: str, reference_answer: str) -> Thought | Refusal:
        """Write the reference solution anew as a hierarchical thought (section 4.1)."""
        return self.explain_all([(problem, reference_solution, reference_answer)])[0]

    def explain_all(self, solved: Sequence[tuple[str, str, str]]) -> list[Thought | Refusal]:
        """As `explain`, for many: each with its problem, reference solution and reference answer."""
        problems = [_problem(*one) for one in solved]
        template = read_template(self._recipe.prompts.thought_extraction)
        assignments = [
            Assignment(
                p.problem_id, render_prompt(template, problem=p.problem, reference_solution=p.reference_solution), p
            )
            for p in problems
        ]

        def read(replies: Replies, grader: Grader) -> list[Thought | Refusal]:
            return read_thoughts([(problems[i], reply) for i, reply in replies], grader)

        return self._supervise("thoughts", assignments, read)

    def _supervise(
        self,
        kind: str,
        assignments: Sequence[Assignment],
        read: Callable[[Replies, Grader], Sequence[Written | Refusal]],
    ) -> list[Written | Refusal]:
        with RequestStore(self._store) as store, ExitStack() as servers, open_grader(self._recipe.grading) as grader:
            context = StageContext(
                self._recipe,
                RunFolder(self._store.parent),
                store,
                self._reporter,
                kind,
                fingerprint="",
                budget=Budget(self._max_cost_usd, store.spent_usd()),
                servers=servers,
            )
            result = supervise(context, assignments, lambda replies: read(replies, grader))
        return [result.accepted.get(i) or result.refused[i] for i in range(len(assignments))]


def _problem(problem: str, reference_solution: str, reference_answer: str) -> Problem:
    return Problem(
        problem_id=make_id("problem", problem),
        problem=problem,
        reference_solution=reference_solution,
        reference_answer=reference_answer,
        split="errors",
        source="teacher",
    )


def _solution(problem: Problem, text: str) -> Solution:
    return Solution(
        solution_id=make_id("solution", problem.problem_id, text),
        problem_id=problem.problem_id,
        student="unknown",
        sample_index=0,
        completion=number_steps(text),
        completion_token_ids=(),
        finish_reason="stop",
    )
