"""One sample of each problem of a batch: drawn, corrected by the model itself, and graded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supercorrect.config import SamplingConfig
from supercorrect.errors import ConfigError
from supercorrect.evaluation.items import EvaluatedSample, GradedPass, grade_texts
from supercorrect.evaluation.reflexion import ReflexionPrompts, reflect_and_retry, review_and_retry
from supercorrect.evaluation.self_correction import Revised, StepReviewer, correct_by_trace
from supercorrect.evaluation.settings import EvaluationSettings
from supercorrect.evaluation.solvers import OnDone, Solver, StudentSolver, Written
from supercorrect.grading import Grader
from supercorrect.records import Problem
from supercorrect.training.rendering import user_message


@dataclass(frozen=True)
class Drawn:
    """One sample of each problem of a batch, with its passes: `passes[k][i]` is pass k over sample i."""

    problems: Sequence[Problem]
    sample_index: int
    written: Sequence[Written]
    passes: Sequence[Sequence[Revised]]
    reflexion: Sequence[Revised] | None

    def grade(self, grader: Grader, model: str) -> list[EvaluatedSample]:
        """The rows of the batch, all that was written graded in one go."""
        references = [problem.reference_answer for problem in self.problems]
        revisions = [*self.passes, *([self.reflexion] if self.reflexion else [])]
        texts = [(w.text, reference, w.failure) for w, reference in zip(self.written, references, strict=True)]
        for revised in revisions:
            texts += [(r.completion, reference, r.failure) for r, reference in zip(revised, references, strict=True)]
        grades = grade_texts(grader, texts)
        n, rows = len(self.problems), []
        for i, (problem, written) in enumerate(zip(self.problems, self.written, strict=True)):
            after = [
                GradedPass(
                    completion=revised[i].completion,
                    faulted=revised[i].faulted,
                    status=grade.status,
                    extracted=grade.extracted,
                    reason=grade.reason,
                )
                for revised, grade in zip(revisions, grades[n + i :: n], strict=True)
            ]
            rows.append(
                EvaluatedSample(
                    model=model,
                    **problem.model_dump(include={"problem_id", "problem", "reference_answer", "topic", "level"}),
                    sample_index=self.sample_index,
                    completion=written.text,
                    finish_reason=written.finish_reason,
                    status=grades[i].status,
                    extracted=grades[i].extracted,
                    reason=grades[i].reason,
                    passes=tuple(after[: len(self.passes)]),
                    reflexion=after[-1] if self.reflexion else None,
                )
            )
        return rows


class ModelEvaluation:
    """One model, asked as the settings say.

    Args:
        index: Which of the models: it decides the prompt.
    """

    def __init__(self, solver: Solver, settings: EvaluationSettings, index: int) -> None:
        self.solver = solver
        self.settings = settings
        self._prompt = settings.prompt_of(index)
        self._greedy = SamplingConfig(max_new_tokens=settings.sampling.max_new_tokens)
        self._reviewer = None
        if isinstance(solver, StudentSolver) and settings.review == "steps":
            reviewing = SamplingConfig(max_new_tokens=settings.review_max_new_tokens)
            self._reviewer = StepReviewer(
                solver, self._prompt, settings.correction_prompt, reviewing=reviewing, rewriting=self._greedy
            )

    def batches(self, problems: Sequence[Problem]) -> list[list[Problem]]:
        """The problems in the batches that the model is best asked in."""
        return [[problems[i] for i in batch] for batch in self.solver.batches(self._messages(problems))]

    def draw(self, problems: Sequence[Problem], sample_index: int, on_done: OnDone | None = None) -> Drawn:
        """Sample `sample_index` of each problem, with its passes of self-correction and its Reflexion."""
        sampling = self.settings.sampling
        written = self.solver.write(self._messages(problems), sampling, sample_index=sample_index, on_done=on_done)
        texts = [problem.problem for problem in problems]
        reflexion = self._reflect(texts, written) if self.settings.reflexion else None
        return Drawn(problems, sample_index, written, self._correct(texts, written), reflexion)

    def describe(self) -> dict[str, object]:
        """What stands beside this model's figures."""
        settings = self.settings
        return {
            **self.solver.describe(),
            "prompt": self._prompt,
            "prompt_hashes": settings.prompt_hashes(self._prompt),
            "self_correction_form": ("steps" if self._reviewer else "trace") if settings.self_correct else None,
        }

    def _messages(self, problems: Sequence[Problem]) -> list[str]:
        return [user_message(self._prompt, problem=problem.problem) for problem in problems]

    def _correct(self, texts: list[str], written: Sequence[Written]) -> list[list[Revised]]:
        passes: list[list[Revised]] = []
        solutions, ids = [w.text for w in written], [w.token_ids for w in written]
        for _ in range(self.settings.self_correct):
            if self._reviewer is not None:
                reviewed = [self._reviewer.written(*one) for one in zip(texts, solutions, ids, strict=True)]
                passes.append(self._reviewer.correct(reviewed))
            else:
                template = self.settings.correction_prompt
                passes.append(correct_by_trace(self.solver, texts, solutions, template, self._greedy))
            solutions, ids = [revised.solution for revised in passes[-1]], [None] * len(texts)
        return passes

    def _reflect(self, texts: list[str], written: Sequence[Written]) -> list[Revised]:
        settings = self.settings
        if settings.reflection_prompt is not None:
            prompts = ReflexionPrompts(self._prompt, settings.reflection_prompt, settings.retry_prompt)
            return reflect_and_retry(self.solver, texts, written, prompts, settings.sampling, self._greedy)
        if self._reviewer is None:
            raise ConfigError(
                "Reflexion by reviewing steps needs a student that runs here, and review 'steps'; "
                f"got {self.solver.name!r} and review {settings.review!r}: name a reflection prompt"
            )
        return review_and_retry(self._reviewer, texts, written, settings.sampling)
