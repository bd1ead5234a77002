"""What only the sandbox can tell, since its problems can be simulated: whole solutions, keys, kinds of first error."""

from __future__ import annotations

from collections.abc import Sequence

from supercorrect.metrics import compute_share
from supercorrect.paper.accuracy import decoding_of
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Figure, Row, Table
from supercorrect.sandbox.language import Chain, read_chain
from supercorrect.sandbox.measures import ERROR_KINDS, Simulated, simulate


def make_simulation(runs: Sequence[FinishedRun]) -> Table:
    """One row an arm and decoding; arms whose steps are in other dress, which is not read, have none."""
    styled = {f"hsft_{style}" for style in runs[0].recipe.styles}
    rows = []
    for arm in (arm for arm in runs[0].arms if arm not in styled):
        for decoding in ("sampled", "greedy"):
            found = [simulate_arm(run, arm, decoding) for run in runs]
            total = sum(found, Simulated())
            wrong = sum(total.first_errors.values())
            cells = (
                _share(total.whole, total.n, tuple(one.whole / one.n for one in found)),
                _share(total.keyed_steps, total.tricky_steps),
                *(_share(total.first_errors[kind], wrong) for kind in ERROR_KINDS),
            )
            rows.append(Row((arm, decoding_of(runs, decoding)), cells))
    return Table(
        "simulation",
        "Only in the sandbox: whole solutions, keys, and the kind of the first error",
        ("arm", "decoding"),
        ("every step right", "tricky steps with a key", *(kind.replace("_", " ") for kind in ERROR_KINDS)),
        tuple(rows),
        ("In %. A kind of first error is a share of the solutions in which a step is wrong or missing.",),
    )


def simulate_arm(run: FinishedRun, arm: str, decoding: str) -> Simulated:
    """The figures of one arm's solutions; problems of another family are left out."""
    chains: list[Chain] = []
    completions = []
    for item in run.items(arm):
        chain = read_chain(run.problems[item.problem_id].problem)
        if chain is not None:
            chains.append(chain)
            completions.append(item.greedy_completion if decoding == "greedy" else item.sampled_completion)
    return simulate(chains, completions)


def _share(count: int, n: int, by_run: tuple[float, ...] = ()) -> Figure:
    share = compute_share(count, n)
    return Figure(share["value"], (share["ci95"][0], share["ci95"][1]), n, by_run) if share else Figure(None)
