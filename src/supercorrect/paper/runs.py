"""A finished run, as tables read it: its recipe, and the records that its figures come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from supercorrect.arms import arm_names
from supercorrect.config import Recipe, load_recipe
from supercorrect.errors import InputError
from supercorrect.grading import Grader
from supercorrect.judging import open_grader
from supercorrect.metrics import same_result
from supercorrect.records import Correction, EvaluationItem, Problem, RepeatedItem, Solution, Verdict
from supercorrect.run_folder import RunFolder


@dataclass(frozen=True)
class JudgedSolution:
    """What an arm made of one of the HSFT student's held-out solutions.

    Attributes:
        wrong: Whether the solution is wrong and the teacher corrected it; else it is right.
        faulted: Whether the arm faults any step.
        located: Whether it faults the teacher's step first.
        corrected: Whether it also comes to the teacher's result there.
    """

    solution_id: str
    wrong: bool
    faulted: bool
    located: bool
    corrected: bool


@dataclass(frozen=True)
class FinishedRun:
    """A run's folder and the recipe that it was last run with for a table."""

    recipe: Recipe
    folder: RunFolder
    _items: dict[str, list[EvaluationItem]] = field(default_factory=dict, repr=False)
    _by_problem: dict[str, dict[str, EvaluationItem]] = field(default_factory=dict, repr=False)
    _judged: dict[str, list[JudgedSolution]] = field(default_factory=dict, repr=False)

    @property
    def arms(self) -> tuple[str, ...]:
        """The evaluated arms, in the recipe's order."""
        return arm_names(self.recipe)

    @cached_property
    def problems(self) -> dict[str, Problem]:
        """The held-out problems by id."""
        return {p.problem_id: p for p in self.folder.read("problems/held_out", Problem)}

    @cached_property
    def corrections(self) -> dict[str, Correction]:
        """The teacher's corrections of the HSFT student's held-out solutions, by solution_id."""
        return {c.solution_id: c for c in self.folder.read("corrections/held_out", Correction)}

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts on these solutions, by solution_id."""
        return {v.solution_id: v for v in self.folder.read("verdicts/held_out", Verdict)}

    @cached_property
    def solutions(self) -> dict[str, Solution]:
        """These solutions, by id."""
        return {s.solution_id: s for s in self.folder.read("solutions/held_out", Solution)}

    def items(self, arm: str) -> list[EvaluationItem]:
        """What an arm did with the held-out problems."""
        if arm not in self._items:
            self._items[arm] = self.folder.read(f"evaluation/{arm}", EvaluationItem)
        return self._items[arm]

    def items_by_problem(self, arm: str) -> dict[str, EvaluationItem]:
        """The same, by problem_id."""
        if arm not in self._by_problem:
            self._by_problem[arm] = {item.problem_id: item for item in self.items(arm)}
        return self._by_problem[arm]

    def repeats(self, arm: str) -> list[RepeatedItem]:
        """What an arm did with the hardest of them, again and again."""
        return self.folder.read(f"stability/{arm}", RepeatedItem)

    def judged(self, arm: str) -> list[JudgedSolution]:
        """What an arm made of the HSFT student's solutions that are right, or wrong and corrected by the teacher."""
        if arm not in self._judged:
            with open_grader(self.recipe.grading) as grader:
                judged = (self._judge(item, grader) for item in self.items(arm))
                self._judged[arm] = [one for one in judged if one is not None]
        return self._judged[arm]

    def _judge(self, item: EvaluationItem, grader: Grader) -> JudgedSolution | None:
        solution_id = item.reviewed_solution_id
        if solution_id is None:
            return None
        faulted, correction = item.located_step is not None, self.corrections.get(solution_id)
        if correction is None:
            right = self.verdicts[solution_id].status == "correct"
            return JudgedSolution(solution_id, False, faulted, False, False) if right else None
        located = item.located_step == correction.first_error_step
        corrected = located and same_result(item.located_correction, correction.correction, grader)
        return JudgedSolution(solution_id, True, faulted, located, corrected)


def open_run(recipe: Path, overrides: tuple[str, ...]) -> FinishedRun:
    """The run that a recipe left with these overrides.

    Raises:
        InputError: There is none.
    """
    loaded = load_recipe(recipe, overrides)
    folder = RunFolder(loaded.run_folder)
    if not folder.manifest_path.is_file():
        raise InputError(f"expected a finished run of {recipe} in {folder.root}, found none; run the recipe first")
    return FinishedRun(loaded, folder)
