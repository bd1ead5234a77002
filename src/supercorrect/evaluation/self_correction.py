"""Self-correction: a model reads its own solution with the correction prompt, and no oracle says whether it is wrong.

In two forms. *By steps*: the trace is written together, so that right steps cannot be copied wrongly (`reviewing.py`);
this needs the model's tokens, so it is for students that run here. *By trace*: the model writes the whole trace, and
the answer that ends it counts, as in the paper; this is for any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supercorrect.config import SamplingConfig
from supercorrect.evaluation.solvers import Solver, StudentSolver
from supercorrect.formats import parse_correction, render_steps, split_steps
from supercorrect.records import ParsedCorrection
from supercorrect.reviewing import Finding, WrittenSolution, find_first_errors, rewrite_from
from supercorrect.training.rendering import text_ids, user_message


@dataclass(frozen=True)
class Revised:
    """A solution after one pass.

    Attributes:
        completion: What is graded.
        faulted: Whether an error was found.
        solution: What the next pass reads.
        failure: Why there was no reply, so that nothing can be graded. None: there was one.
    """

    completion: str
    faulted: bool
    solution: str
    failure: str | None = None


@dataclass(frozen=True)
class StepReviewer:
    """A student that reviews solutions step by step.

    Attributes:
        solving: The template that solutions were asked for with.
        correction: The template that reviews are asked for with.
        reviewing: How it is sampled behind each step.
        rewriting: How it is sampled from the corrected step on.
    """

    solver: StudentSolver
    solving: str
    correction: str
    reviewing: SamplingConfig
    rewriting: SamplingConfig

    def written(self, problem: str, text: str, token_ids: tuple[int, ...] | None = None) -> WrittenSolution:
        """A solution in the student's tokens: those it sampled, or what it makes of a text."""
        ids = token_ids if token_ids is not None else tuple(text_ids(self.solver.student.tokenizer, text))
        return WrittenSolution(problem, text, ids)

    def review(self, solutions: Sequence[WrittenSolution]) -> list[Finding | None]:
        """The first step that it faults in each solution; None: it lets all of them stand."""
        solver = self.solver
        return find_first_errors(
            solver.student, solver.store, solutions, self.correction, self.reviewing, seed=solver.seed
        )

    def rewrite(self, solutions: Sequence[WrittenSolution], findings: Sequence[Finding | None]) -> list[str]:
        """The solutions, written anew from the corrected step on."""
        solver = self.solver
        return rewrite_from(
            solver.student, solver.store, solutions, findings, self.solving, self.rewriting, seed=solver.seed
        )

    def correct(self, solutions: Sequence[WrittenSolution]) -> list[Revised]:
        """One pass: what it faults is written anew, from the corrected step on."""
        findings = self.review(solutions)
        texts = self.rewrite(solutions, findings)
        return [Revised(text, found is not None, text) for text, found in zip(texts, findings, strict=True)]


def correct_by_trace(
    solver: Solver, problems: Sequence[str], solutions: Sequence[str], template: str, sampling: SamplingConfig
) -> list[Revised]:
    """One pass: the model writes each trace itself."""
    messages = [
        user_message(template, problem=problem, steps=number_steps(solution))
        for problem, solution in zip(problems, solutions, strict=True)
    ]
    return [_read_trace(w.text, w.failure) for w in solver.write(messages, sampling)]


def number_steps(solution: str) -> str:
    """A solution in numbered tags; one that has none is cut at its blank lines."""
    steps = [span.text for span in split_steps(solution)]
    return render_steps(steps or [part.strip() for part in solution.split("\n\n") if part.strip()])


def _read_trace(completion: str, failure: str | None) -> Revised:
    trace = parse_correction(completion).record
    if trace is None:
        return Revised(completion, False, completion, failure)
    return Revised(completion, trace.first_error_step is not None, _corrected_solution(trace), failure)


def _corrected_solution(trace: ParsedCorrection) -> str:
    """The solution that a trace leads to: each step as it was corrected, and the trace's answer."""
    steps = render_steps([step.correction or step.text for step in trace.steps])
    return steps if trace.answer is None else f"{steps}\n<Answer> {trace.answer} </Answer>"
