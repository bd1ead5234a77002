"""Tables 3 and 4: one problem solved, and one solution corrected, by several arms, chosen by a rule and not by hand."""

from __future__ import annotations

from collections.abc import Sequence

from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Row, Table
from supercorrect.records import EvaluationItem


def make_table3(runs: Sequence[FinishedRun]) -> Table:
    """Table 3: the first problem that only Cross-DPO solves, and the first that only HSFT solves (greedy)."""
    rows = []
    for sentence, winner, loser in (
        ("Cross-DPO is right, HSFT and SFT are not", "cross_dpo", "hsft"),
        ("HSFT is right, Cross-DPO is not", "hsft", "cross_dpo"),
    ):
        losers = (loser, "sft") if winner == "cross_dpo" else (loser,)
        found = [
            (run, problem_id)
            for run in runs
            for problem_id in run.problems
            if _greedy(run, winner, problem_id).greedy == "correct"
            and all(_greedy(run, arm, problem_id).greedy != "correct" for arm in losers)
        ]
        total = sum(len(run.problems) for run in runs)
        label = f"{sentence}: {len(found)} of {total} problems"
        if not found:
            rows.append(Row((label, "–"), ("–", "–")))
            continue
        run, problem_id = found[0]
        rows.append(
            Row((label, "*problem*"), (run.problems[problem_id].problem, run.problems[problem_id].reference_answer))
        )
        for arm in run.arms:
            item = _greedy(run, arm, problem_id)
            rows.append(Row(("", arm), (as_code(item.greedy_completion), item.greedy)))
    return Table(
        "table3",
        "Table 3: one problem, solved by several arms",
        ("case", "arm"),
        ("greedy solution", "verdict"),
        tuple(rows),
        ("The first problem of each kind, in the order of the held-out set.",),
    )


def make_table4(runs: Sequence[FinishedRun]) -> Table:
    """Table 4: the first wrong solution that only Cross-DPO corrects, and the first that only HSFT corrects."""
    rows = []
    for winner, loser in (("cross_dpo", "hsft"), ("hsft", "cross_dpo")):
        found = []
        for run in runs:
            lost = {j.solution_id for j in run.judged(loser) if j.wrong and not j.corrected}
            found += [(run, j.solution_id) for j in run.judged(winner) if j.corrected and j.solution_id in lost]
        total = sum(judged.wrong for run in runs for judged in run.judged(winner))
        label = f"{winner} corrects it, {loser} does not: {len(found)} of {total} wrong solutions"
        if not found:
            rows.append(Row((label, "–"), ("–", "–")))
            continue
        rows += _show_correction(*found[0], label)
    return Table(
        "table4",
        "Table 4: one wrong solution of the HSFT student, corrected by several arms",
        ("case", "by"),
        ("first step faulted", "what is written there"),
        tuple(rows),
        ("The first solution of each kind, in the order of the held-out set.",),
    )


def _show_correction(run: FinishedRun, solution_id: str, label: str) -> list[Row]:
    correction, solution = run.corrections[solution_id], run.solutions[solution_id]
    problem = run.problems[solution.problem_id].problem
    said = f"{correction.cause} → {correction.correction}"
    rows = [
        Row((label, "*problem and solution*"), ("", f"{problem}<br>{as_code(solution.completion)}")),
        Row(("", "teacher"), (str(correction.first_error_step), as_code(said))),
    ]
    for arm in run.arms:
        item = next((i for i in run.items(arm) if i.reviewed_solution_id == solution_id), None)
        if item is not None:
            step = "none" if item.located_step is None else str(item.located_step)
            rows.append(Row(("", arm), (step, as_code(item.located_correction or ""))))
    return rows


def as_code(text: str) -> str:
    """A model's words for a cell of a table, line by line, with nothing that Markdown could take for its own."""
    lines = [line.strip().replace("`", "'") for line in text.splitlines() if line.strip()]
    return "\n".join(f"`{line}`" for line in lines) or "–"


def _greedy(run: FinishedRun, arm: str, problem_id: str) -> EvaluationItem:
    return run.items_by_problem(arm)[problem_id]
