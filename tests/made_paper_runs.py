"""Finished runs of the paper's recipes without a model: arms that are right at stated rates, written as records."""

from __future__ import annotations

import random
from pathlib import Path

from small_runs import REPOSITORY
from supercorrect.config import Recipe, load_recipe
from supercorrect.formats import render_steps, split_steps
from supercorrect.manifest import Manifest
from supercorrect.records import (
    Attempt,
    Correction,
    EvaluationItem,
    Problem,
    RepeatedItem,
    Solution,
    Verdict,
    VerdictStatus,
)
from supercorrect.run_folder import RunFolder
from supercorrect.sandbox.language import Chain, make_problems, read_chain
from supercorrect.store import RequestStore, StoredResponse

PAPER = REPOSITORY / "recipes" / "paper"
RATES = {"base": 0.1, "sft": 0.2, "hsft": 0.4, "hsft_reflexion": 0.4, "cross_dpo": 0.9}
"""How often an arm is right; any other arm: half of the time."""


def made_run(recipe: Path, root: Path, *overrides: str, count: int = 60, seed: int = 1) -> tuple[Recipe, RunFolder]:
    """The folder that a run of this recipe would leave, as far as tables read it."""
    loaded = load_recipe(recipe, (*overrides, f"seed={seed}", f"output_dir={root}"))
    folder = RunFolder(root)
    problems = make_problems(count=count, seed=seed, split="held_out")
    folder.write("problems/held_out", problems)
    first = [_solve_wrongly(problem) for problem in problems]
    wrong = [i % 3 > 0 for i in range(count)]
    solutions = [
        Solution(
            solution_id=f"solution-{p.problem_id}",
            problem_id=p.problem_id,
            student="hsft",
            sample_index=0,
            completion=first[i] if wrong[i] else solve(chain_of(p)),
            completion_token_ids=(),
            finish_reason="stop",
        )
        for i, p in enumerate(problems)
    ]
    folder.write("solutions/held_out", solutions)
    judged = list(zip(solutions, problems, wrong, strict=True))
    folder.write("corrections/held_out", [_correct(s, p) for s, p, is_wrong in judged if is_wrong])
    folder.write("verdicts/held_out", [_verdict(s, is_wrong) for s, _, is_wrong in judged])
    for arm in (*RATES, "hsft_continued", "step_dpo", *(f"hsft_{style}" for style in loaded.styles), *loaded.controls):
        rng = random.Random(f"{arm}/{seed}")
        rate = RATES.get(arm, 0.5)
        folder.write(f"evaluation/{arm}", [_evaluate(arm, p, s, rate, rng) for s, p, _ in judged])
        folder.write(f"stability/{arm}", [_repeat(arm, p, rate, rng) for p in problems[:10]])
    for control in loaded.controls:
        folder.write(f"attempts/thoughts_{control}", list[Attempt]())
    folder.write_manifest(Manifest(recipe_name=loaded.name, versions={"supercorrect": "test"}))
    return loaded, folder


def chain_of(problem: Problem) -> Chain:
    """The chain that a problem tells."""
    chain = read_chain(problem.problem)
    assert chain is not None
    return chain


def solve(chain: Chain, *, with_key: bool = True) -> str:
    """A right hierarchical solution."""
    steps = [chain.step(i, with_key=with_key) for i in range(len(chain.moves))]
    tail = f"<Generalized> {chain.generalized} </Generalized>\n<Answer> {chain.values[-1]} </Answer>"
    return f"{render_steps(steps)}\n{tail}"


def _solve_wrongly(problem: Problem) -> str:
    """The first step ends in an hour that does not exist."""
    chain = chain_of(problem)
    right = [chain.step(i, with_key=True) for i in range(1, len(chain.moves))]
    steps = [f"{chain.step_head(0, chain.start)} = 99", *right]
    return f"{render_steps(steps)}\n<Answer> 99 </Answer>"


def _correct(solution: Solution, problem: Problem) -> Correction:
    return Correction(
        correction_id=f"correction-{solution.solution_id}",
        solution_id=solution.solution_id,
        problem_id=problem.problem_id,
        teacher="oracle",
        request_key="key",
        completion="",
        first_error_step=1,
        cause="99 is wrong",
        correction=chain_of(problem).step(0, with_key=True),
        corrected_answer=problem.reference_answer,
    )


def _verdict(solution: Solution, wrong: bool) -> Verdict:
    return Verdict(
        verdict_id=f"verdict-{solution.solution_id}",
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        status="incorrect" if wrong else "correct",
    )


def _evaluate(arm: str, problem: Problem, solution: Solution, rate: float, rng: random.Random) -> EvaluationItem:
    """One draw decides all: an arm that is right anywhere is right everywhere."""
    right = rng.random() < rate
    status: VerdictStatus = "correct" if right else "incorrect"
    text = solve(chain_of(problem)) if right else _solve_wrongly(problem)
    reviews = arm not in ("base", "sft", "hsft_reflexion")
    return EvaluationItem(
        arm=arm,
        problem_id=problem.problem_id,
        greedy=status,
        greedy_completion=text,
        sampled=status,
        sampled_completion=text,
        corrected=status if reviews else None,
        corrected_completion=text if reviews else None,
        faulted=False if reviews else None,
        reviewed_solution_id=solution.solution_id if reviews else None,
        located_step=1 if reviews and right else None,
        located_correction=chain_of(problem).step(0, with_key=True) if reviews and right else None,
    )


def _repeat(arm: str, problem: Problem, rate: float, rng: random.Random) -> RepeatedItem:
    verdicts: list[VerdictStatus] = ["correct" if rng.random() < rate else "incorrect" for _ in range(8)]
    return RepeatedItem(arm=arm, problem_id=problem.problem_id, verdicts=tuple(verdicts))


def add_teaching(folder: RunFolder, *, count: int = 10, mended: int = 2, dropped: int = 1, seed: int = 1) -> None:
    """Add what teachers wrote: drafts that an inspector refused, of which some were mended and some dropped."""
    problems = make_problems(count=count, seed=seed, split="errors")
    solutions = [
        Solution(
            solution_id=f"solution-{p.problem_id}",
            problem_id=p.problem_id,
            student="hsft",
            sample_index=0,
            completion=_solve_wrongly(p),
            completion_token_ids=(),
            finish_reason="stop",
        )
        for p in problems
    ]
    attempts: list[Attempt] = []
    replies: list[StoredResponse] = []
    for i, (problem, solution) in enumerate(zip(problems, solutions, strict=True)):
        refused = i < mended + dropped
        rounds = [False] * (3 if i < dropped else 1 if refused else 0) + [True] * (i >= dropped)
        for number, right in enumerate(rounds, start=1):
            key = f"{i}/{number}"
            replies.append(StoredResponse(key, "teacher", "oracle", "ok", _correction_text(problem, solution, right)))
            attempts.append(
                Attempt(
                    item_id=solution.solution_id,
                    stage="corrections",
                    teacher="oracle",
                    round=number,
                    request_key=key,
                    inspector_request_key=None,
                    reason=None if right else "inspector",
                    remark=None,
                    output_tokens=10,
                    usd=None,
                )
            )
    folder.write("problems/errors", problems)
    folder.write("solutions/errors", solutions)
    folder.write("attempts/corrections", attempts)
    folder.write("problems/hsft", problems)
    folder.write("attempts/thoughts", [])
    with RequestStore(folder.root / "store.sqlite") as store:
        store.put_many(replies)


def _correction_text(problem: Problem, solution: Solution, right: bool) -> str:
    chain = chain_of(problem)
    own = [span.text for span in split_steps(solution.completion)]
    step = chain.step(0, with_key=True) if right else f"{chain.step_head(0, chain.start)} = 99"
    own[0] += f" <Cause> 99 is wrong </Cause> <Correction> {step} </Correction>"
    return f"{render_steps(own)}\n<Answer> {chain.values[-1]} </Answer>"
