"""Which requests a recipe's teacher stages will make, as far as that can be known without any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supercorrect.config import Recipe
from supercorrect.estimate.figures import Figure
from supercorrect.formats import render_steps, split_steps
from supercorrect.metrics import wilson_interval
from supercorrect.problems import keep_splits_apart, load_problem_set
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Problem, Solution, Verdict
from supercorrect.run_folder import RunFolder
from supercorrect.stages.problems import SPLITS


@dataclass(frozen=True)
class Workload:
    """The requests of one stage.

    Attributes:
        requests: How many there are in all, those in the store included.
        prompts: Those whose text is known, or a sample of prompts like them.
        references: The reference solution behind each prompt.
        are_known: Whether `prompts` are the very requests, so that the store can be asked for them.
    """

    stage: str
    requests: Figure
    prompts: Sequence[str]
    references: Sequence[str]
    are_known: bool


def build_workloads(recipe: Recipe, folder: RunFolder) -> list[Workload]:
    """The workloads of a recipe's teacher stages, in order; a run of it that has begun makes them exact.

    Raises:
        InputError: A problem set cannot be read.
        ConfigError: A template or a function that makes problems is not there.
    """
    loaded = {s: load_problem_set(getattr(recipe.problems, s), split=s, seed=recipe.seed) for s in SPLITS}
    problems, _ = keep_splits_apart(loaded, stage="estimate")
    template = read_template(recipe.prompts.grounded_correction)
    samples = recipe.solutions.samples_per_problem
    return [
        _thoughts(problems["hsft"], read_template(recipe.prompts.thought_extraction)),
        _corrections("corrections", "errors", problems["errors"], samples, template, folder),
        _corrections("held_out_corrections", "held_out", problems["held_out"], 1, template, folder),
    ]


def _thoughts(problems: Sequence[Problem], template: str) -> Workload:
    prompts = list(dict.fromkeys(_fill(template, problem) for problem in problems))
    basis = f"one for each of {len(problems)} problems"
    references = [problem.reference_solution for problem in problems]
    return Workload("thoughts", Figure.exact(len(prompts), basis), prompts, references, True)


def _corrections(
    stage: str, split: str, problems: Sequence[Problem], samples: int, template: str, folder: RunFolder
) -> Workload:
    most = len(problems) * samples
    by_id = {problem.problem_id: problem for problem in problems}
    solutions = [s for s in _graded(folder, split) if s[0].problem_id in by_id]
    wrong = [solution for solution, is_wrong in solutions if is_wrong]
    if not solutions:
        bound = f"bound: how many of {most} solutions will be wrong is not known before the student has written them"
        # A student's solution is taken to be as long as the reference solution.
        prompts = [_fill(template, problem, steps=problem.reference_solution) for problem in problems]
        references = [problem.reference_solution for problem in problems]
        return Workload(stage, Figure(0, most, most, bound), prompts, references, False)
    stepped = [(by_id[s.problem_id], [span.text for span in split_steps(s.completion)]) for s in wrong]
    sent = [(problem, steps) for problem, steps in stepped if steps]
    prompts = [_fill(template, problem, steps=render_steps(steps)) for problem, steps in sent]
    share, basis = (
        len(sent) / len(solutions),
        f"measured: {len(sent)} of {len(solutions)} solutions of the run are wrong",
    )
    is_whole = len(solutions) == most
    low, high = (share, share) if is_whole else wilson_interval(len(sent), len(solutions))
    requests = Figure(round(most * low), round(most * share), round(most * high), basis)
    return Workload(stage, requests, prompts, [problem.reference_solution for problem, _ in sent], is_whole)


def _fill(template: str, problem: Problem, **values: str) -> str:
    return render_prompt(template, problem=problem.problem, reference_solution=problem.reference_solution, **values)


def _graded(folder: RunFolder, split: str) -> list[tuple[Solution, bool]]:
    """The run's solutions of a split, and whether each is wrong; empty where the run has not come so far."""
    if not (folder.data(f"solutions/{split}").is_file() and folder.data(f"verdicts/{split}").is_file()):
        return []
    verdicts = {verdict.solution_id: verdict.status for verdict in folder.read(f"verdicts/{split}", Verdict)}
    solutions = folder.read(f"solutions/{split}", Solution)
    return [(s, verdicts[s.solution_id] == "incorrect") for s in solutions if s.solution_id in verdicts]
