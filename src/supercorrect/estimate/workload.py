"""Which requests a recipe's teacher stages will make, as far as that can be known without any of them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from supercorrect.arms import HELD_OUT, ErrorSet, round_arms
from supercorrect.config import Recipe
from supercorrect.error_selection import choose_errors
from supercorrect.estimate.figures import Figure
from supercorrect.metrics import wilson_interval
from supercorrect.problems import prepare_problems
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Problem, Solution, Verdict
from supercorrect.run_folder import RunFolder
from supercorrect.stages.corrections import assign


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
    problems = prepare_problems(recipe.problems, seed=recipe.seed).kept
    thoughts = _thoughts(problems["hsft"], read_template(recipe.prompts.thought_extraction))
    rounds = [arm.errors for arm in round_arms(recipe)]
    corrections = [
        _corrections(f"corrections{errors.name.removeprefix('errors')}", errors, problems[errors.split], recipe, folder)
        for errors in rounds
    ]
    if not recipe.evaluation.localise:
        return [thoughts, *corrections]
    held_out = _corrections("held_out_corrections", HELD_OUT, problems["held_out"], recipe, folder)
    return [thoughts, corrections[0], held_out, *corrections[1:]]


def _thoughts(problems: Sequence[Problem], template: str) -> Workload:
    prompts = list(dict.fromkeys(_fill(template, problem) for problem in problems))
    basis = f"one for each of {len(problems)} problems"
    references = [problem.reference_solution for problem in problems]
    return Workload("thoughts", Figure.exact(len(prompts), basis), prompts, references, True)


def _corrections(
    stage: str, errors: ErrorSet, problems: Sequence[Problem], recipe: Recipe, folder: RunFolder
) -> Workload:
    template = read_template(recipe.prompts.grounded_correction)
    each = recipe.solutions.samples_per_problem * (1 + len(recipe.solutions.peers))
    most = len(problems) * (1 if errors == HELD_OUT else each)
    by_id = {problem.problem_id: problem for problem in problems}
    solutions, sent = _read_errors(folder, errors, set(by_id), recipe.solutions.max_wrong_per_problem)
    if not solutions:
        bound = f"bound: how many of {most} solutions will be wrong is not known before the student has written them"
        # A student's solution is taken to be as long as the reference solution.
        prompts = [_fill(template, problem, steps=problem.reference_solution) for problem in problems]
        references = [problem.reference_solution for problem in problems]
        return Workload(stage, Figure(0, most, most, bound), prompts, references, False)
    prompts = list(dict.fromkeys(assign(template, by_id[s.problem_id], s).prompt for s in sent))
    share = len(prompts) / solutions
    basis = f"measured: {len(prompts)} of {solutions} solutions of the run are wrong and worth asking about"
    is_whole = solutions == most
    low, high = (share, share) if is_whole else wilson_interval(len(prompts), solutions)
    requests = Figure(round(most * low), round(most * share), round(most * high), basis)
    return Workload(stage, requests, prompts, [by_id[s.problem_id].reference_solution for s in sent], is_whole)


def _fill(template: str, problem: Problem, **values: str) -> str:
    return render_prompt(template, problem=problem.problem, reference_solution=problem.reference_solution, **values)


def _read_errors(
    folder: RunFolder, errors: ErrorSet, problem_ids: Set[str], max_per_problem: int | None
) -> tuple[int, list[Solution]]:
    """How many solutions the run has, and those that go to the teacher; none where it has not come so far."""
    if not (folder.data(f"solutions/{errors.name}").is_file() and folder.data(f"verdicts/{errors.name}").is_file()):
        return 0, []
    verdicts = {verdict.solution_id: verdict for verdict in folder.read(f"verdicts/{errors.name}", Verdict)}
    solutions = folder.read(f"solutions/{errors.name}", Solution)
    own = [s for s in solutions if s.solution_id in verdicts and s.problem_id in problem_ids]
    wrong = [s for s in own if verdicts[s.solution_id].status == "incorrect"]
    sent, _ = choose_errors(wrong, verdicts, max_per_problem, stage="estimate")
    return len(own), sent
