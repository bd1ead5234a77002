"""A student by itself: it solves problems, and corrects what it or anybody else wrote."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Literal, Self

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.evaluation.self_correction import number_steps
from supercorrect.grading import Grader
from supercorrect.serving.modes import Mode
from supercorrect.serving.opening import Changes, open_for_solving
from supercorrect.serving.solving import Asked, Attempt, Solved, solve


class Student:
    """A model that runs here, asked with the prompts that it was trained with where its folder has them.

    with Student("runs/my/checkpoints/cross_dpo/model") as student:
        solved = student.solve("What is 2 + 3 * 4?", self_correct=True, votes=8)
        print(solved.attempt.answer)
    """

    def __init__(
        self,
        model: str,
        *,
        solving: str | None = None,
        correction: str | None = None,
        max_new_tokens: int | None = None,
        batch_size: int = 64,
        dtype: Literal["float32", "bfloat16"] = "float32",
    ) -> None:
        """Load a student.

        Args:
            model: A folder, hub id, or `package:folder`.
            solving: The template of a problem. None: the model's own, else `hierarchical`.
            correction: The template of a review. None: the model's own, else `correction`.
            max_new_tokens: The longest solution. None: as the model's profile says.
            batch_size: Solutions that are written together.
            dtype: The numbers that it is run in.

        Raises:
            InputError: There is no such model here.
        """
        config = StudentConfig(model=model, batch_size=batch_size, dtype=dtype)
        self._open = ExitStack()
        self._student = self._open.enter_context(open_for_solving(config, Changes(solving, correction, max_new_tokens)))
        self._grader = self._open.enter_context(Grader())

    def solve(
        self,
        problem: str,
        *,
        self_correct: bool = False,
        votes: int = 1,
        temperature: float | None = None,
        seed: int = 0,
    ) -> Solved:
        """Solve a problem.

        Args:
            problem: As a person would ask it; the template goes around it.
            self_correct: Whether it reviews its steps, and mends the first one that it finds wrong.
            votes: Solutions that vote on the answer.
            temperature: 0 is greedy. None: greedy, or, where several solutions vote, as the model's profile says.
            seed: Of what is drawn.
        """
        asked = self._asked(problem, Mode(self_correct, votes), temperature, seed)
        return solve(asked, self._student.writer(), self._grader)

    def self_correct(self, problem: str, solution: str) -> Attempt:
        """Review a solution, whoever wrote it, and mend it from the first step that is found wrong.

        Without `<Step…>` tags, each paragraph of the solution is a step. `finding` says what was found wrong; None:
        nothing was.
        """
        asked = self._asked(problem, Mode(self_correct=True), None, 0)
        return self._student.writer().mend(asked, [Attempt(number_steps(solution), finish_reason=None)])[0]

    def _asked(self, problem: str, mode: Mode, temperature: float | None, seed: int) -> Asked:
        profile = self._student.profile
        drawn = profile.temperature if mode.votes > 1 else 0.0
        sampling = SamplingConfig(
            temperature=drawn if temperature is None else temperature, max_new_tokens=profile.max_new_tokens
        )
        return Asked(problem, mode, sampling, seed, samples=mode.votes)

    def close(self) -> None:
        """Let the model and the grader's processes go."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
