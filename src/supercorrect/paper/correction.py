"""The tables of correction: self-correction (Figure 3), localisation (Table 6), the teacher's own work (Table 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from supercorrect.formats import render_steps, split_steps
from supercorrect.paper import published, values
from supercorrect.paper.accuracy import decoding_of, student_of
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Figure, Row, Table, from_percents
from supercorrect.paper.values import Values, pool
from supercorrect.records import Attempt, Problem, Solution
from supercorrect.sandbox.inspector import find_fault, find_misjudgement
from supercorrect.sandbox.language import read_chain
from supercorrect.store import RequestStore

_READ = (None, "inspector", "inspection_failed", "inspection_unreadable")
"""Outcomes of an attempt that parsing and grading had accepted: what would have been kept without an inspector."""


def make_figure3(runs: Sequence[FinishedRun]) -> Table:
    """Figure 3: before and after one pass of self-correction; arms that cannot correct themselves have no row."""
    rows = []
    for arm in runs[0].arms:
        after = [values.after_correction(run, arm) for run in runs]
        if not any(after):
            continue
        before = [values.sampled(run, arm) for run in runs]
        changed = [own[i] - was[i] for own, was in zip(after, before, strict=True) for i in own]
        cells = (
            pool(runs, values.sampled, arm),
            pool(runs, values.after_correction, arm),
            gain_of(after, before),
            str(changed.count(1.0)),
            str(changed.count(-1.0)),
        )
        rows.append(Row((arm,), cells))
    decoding = decoding_of(runs, "sampled")
    return Table(
        "figure3",
        "Figure 3: what self-correction adds",
        ("arm",),
        ("one pass", "after self-correction", "gain in points", "fixed", "broken"),
        tuple(rows),
        (
            f"Own solutions at {decoding}; the second pass is greedy, and no oracle says what is wrong.",
            published.FIGURE_3,
        ),
    )


def gain_of(first: Sequence[Values], second: Sequence[Values]) -> Figure:
    """How much more the first has than the second, with the interval of the paired difference."""
    compared = values.Compared(first, second)
    if compared.pooled is None:
        return Figure(None)
    low, high = compared.pooled["ci95"]
    return Figure(compared.pooled["difference"], (low, high), compared.pooled["n"], compared.by_run)


def make_table6(runs: Sequence[FinishedRun]) -> Table:
    """Table 6, with the false alarms that the paper leaves out."""
    names = {"hsft": "HSFT", "cross_dpo": "HSFT + Cross-DPO"}
    measures = (values.located, values.corrected, values.false_alarms)
    rows = [
        Row((student_of(runs), names.get(arm, arm)), tuple(pool(runs, measure, arm) for measure in measures))
        for arm in runs[0].arms
        if any(run.judged(arm) for run in runs)
    ]
    for paper in published.TABLE_6:
        shares = from_percents(paper.located, paper.corrected)
        rows.append(Row((paper.student, paper.arm), (*shares, "not given"), of_paper=True))
    wrong = sum(judged.wrong for run in runs for judged in run.judged("hsft"))
    right = sum(not judged.wrong for run in runs for judged in run.judged("hsft"))
    return Table(
        "table6",
        "Table 6: the first wrong step, located and corrected",
        ("student", "arm"),
        ("locate correctness", "correction accuracy", "false alarms"),
        tuple(rows),
        (f"On {wrong} wrong and {right} right solutions of the HSFT student, against the teacher's traces; in %.",),
    )


@dataclass(frozen=True)
class TeacherWork:
    """The teacher's work on one item; None: none was kept, and so it is neither right nor wrong.

    Attributes:
        without_inspector: Whether the first reply that parsed and had the right answer is right in every word.
        with_inspector: Whether what was kept in the end is.
    """

    without_inspector: bool | None
    with_inspector: bool | None


def make_table5(runs: Sequence[FinishedRun]) -> Table:
    """Table 5: how much of what is kept is right, as a simulation of the problems says it."""
    rows = []
    for stage, what in (("corrections", "corrections"), ("thoughts", "hierarchical thoughts")):
        by_run = [read_work(run, stage) for run in runs]
        cells = tuple(
            pool_kept([[getattr(work, side) for work in own.values()] for own in by_run])
            for side in ("without_inspector", "with_inspector")
        )
        asked = sum(map(len, by_run))
        dropped = sum(work.with_inspector is None for own in by_run for work in own.values())
        rows.append(Row((runs[0].recipe.teacher.model, what), (*cells, f"{dropped} of {asked}")))
    for paper in published.TABLE_5:
        shares = from_percents(paper.without_inspector, paper.with_inspector)
        rows.append(Row((paper.teacher, f"corrections, {paper.problem_set}"), (*shares, "not given"), of_paper=True))
    return Table(
        "table5",
        "Table 5: right work of the teacher, without and with the inspector",
        ("teacher", "work"),
        ("without inspector", "with inspector", "never accepted"),
        tuple(rows),
        (
            "Of what is kept, in %. Without: the first reply that parses and has the right answer, which is what a run "
            "without an inspector keeps. Right is what the problem's simulation finds right in every step; where "
            "problems cannot be simulated there is no figure, as nobody knows.",
        ),
    )


def pool_kept(by_run: Sequence[Sequence[bool | None]]) -> Figure:
    """The share of right work in what was kept."""
    kept = [[float(right) for right in own if right is not None] for own in by_run]
    return values.pool_values(kept)


def teacher_is_right(run: FinishedRun, side: str) -> Values:
    """Which of the corrections that are kept in either case are right, on one side of `TeacherWork`."""
    work = {item: one for item, one in read_work(run, "corrections").items() if None not in astuple(one)}
    return {item: float(getattr(one, side)) for item, one in work.items()}


def read_work(run: FinishedRun, stage: str) -> dict[str, TeacherWork]:
    """The teacher's work in a stage, by item; empty where problems cannot be simulated."""
    split = "errors" if stage == "corrections" else "hsft"
    problems = {p.problem_id: p.problem for p in run.folder.read(f"problems/{split}", Problem)}
    steps: dict[str, str] = {}
    if stage == "corrections":
        for solution in run.folder.read("solutions/errors", Solution):
            steps[solution.solution_id] = render_steps([s.text for s in split_steps(solution.completion)])
            problems[solution.solution_id] = problems[solution.problem_id]
    attempts = run.folder.read(f"attempts/{stage}", Attempt)
    with RequestStore(run.folder.root / "store.sqlite") as store:
        replies = store.get_many(sorted({attempt.request_key for attempt in attempts}))
    read = {a.item_id: a for a in reversed(attempts) if a.reason in _READ}
    kept = {a.item_id: a for a in reversed(attempts) if a.reason is None}

    def is_right(attempt: Attempt | None) -> bool | None:
        if attempt is None:
            return None
        item = attempt.item_id
        return _is_right(problems[item], steps.get(item), replies[attempt.request_key].text)

    items = dict.fromkeys(attempt.item_id for attempt in attempts)
    return {item: TeacherWork(is_right(read.get(item)), is_right(kept.get(item))) for item in items}


def _is_right(problem: str, student_solution: str | None, text: str) -> bool | None:
    """Whether a reply is right in every word; None: the problem cannot be simulated."""
    chain = read_chain(problem)
    if chain is None:
        return None
    if student_solution is None:
        return find_fault(chain, text) is None
    return find_misjudgement(chain, student_solution, text) is None
