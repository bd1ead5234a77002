"""What one student gets right and another gets wrong, of one run or of two."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from supercorrect.arms import arm_names
from supercorrect.config import load_recipe
from supercorrect.errors import SuperCorrectError
from supercorrect.viewer.index import RunIndex
from supercorrect.viewer.queries import PAGE_SIZE

Answer = Literal["greedy", "sampled", "corrected"]
Change = Literal["fixed", "broken", "both_right", "both_wrong", "ungradable"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True)
class Compared:
    """The problems that both sides answered, by what changed from the first to the second; one page of them.

    Attributes:
        counts: How many problems, by change.
        rows: Of the page: problem_id, the first side's verdict, the second's, and the item of the first run.
        alone: How many problems only one side answered.
    """

    counts: dict[Change, int]
    rows: list[sqlite3.Row]
    page: int
    pages: int
    alone: int


def read_arms(index: RunIndex) -> list[str]:
    """The arms that a run has evaluated, in the recipe's order; those that it no longer has come last."""
    with index.reading() as connection:
        query = "SELECT DISTINCT record_id FROM records WHERE kind = 'evaluation' ORDER BY record_id"
        found = [arm for (arm,) in connection.execute(query)]
    try:
        order = arm_names(load_recipe(index.root / "recipe.yaml"))
    except SuperCorrectError:
        order = ()
    return [*(arm for arm in order if arm in found), *(arm for arm in found if arm not in order)]


def compare(
    first: tuple[RunIndex, str], second: tuple[RunIndex, str], answer: Answer, change: Change, page: int
) -> Compared:
    """Compare two arms, problem by problem; problems of two runs are the same if they have the same id.

    Args:
        first: A run and one of its arms.
        answer: Which of an arm's answers counts.
        change: What the page lists.
        page: From 1.
    """
    with first[0].reading() as connection:
        connection.execute("COMMIT")
        connection.execute("ATTACH ? AS other", (f"{second[0].path.as_uri()}?mode=ro",))
        connection.create_function("outcome", 1, lambda label: label.split(" ")[ANSWERS.index(answer)])
        connection.create_function("change", 2, _change, deterministic=True)
        connection.execute(
            "CREATE TEMP TABLE both AS SELECT a.problem_id, outcome(a.label) AS before, outcome(b.label) AS after "
            "FROM main.records a JOIN other.records b ON b.problem_id = a.problem_id AND b.kind = 'evaluation' "
            "AND b.record_id = ? WHERE a.kind = 'evaluation' AND a.record_id = ? ORDER BY a.id",
            (second[1], first[1]),
        )
        counted: Mapping[str, int] = dict(
            connection.execute("SELECT change(before, after), count(*) FROM both GROUP BY 1").fetchall()
        )
        counts = {name: counted.get(name, 0) for name in CHANGES}
        pages = max(1, -(-counts[change] // PAGE_SIZE))
        page = min(max(page, 1), pages)
        rows = connection.execute(
            "SELECT both.problem_id, before, after, "
            "min(problem_row) AS problem_row, min(topic) AS topic, min(level) AS level "
            "FROM both JOIN main.items ON main.items.problem_id = both.problem_id WHERE change(before, after) = ? "
            "GROUP BY both.rowid ORDER BY both.rowid LIMIT ? OFFSET ?",
            (change, PAGE_SIZE, (page - 1) * PAGE_SIZE),
        ).fetchall()
        sides = [
            connection.execute(
                f"SELECT count(*) FROM {schema}.records WHERE kind = 'evaluation' AND record_id = ?", (arm,)
            ).fetchone()[0]
            for schema, arm in (("main", first[1]), ("other", second[1]))
        ]
        return Compared(counts, rows, page, pages, sum(sides) - 2 * sum(counts.values()))


def choose_side(wanted: str, choices: Sequence[tuple[int, str]], place: int) -> tuple[int, str] | None:
    """The side that a query names; else HSFT against Cross-DPO or, of two runs, the last arm of each.

    Args:
        wanted: `<run>:<arm>`.
        choices: Every run's number with each of its arms, in order.
        place: 0 for the first side, 1 for the second.

    Returns:
        None where there is no choice.
    """
    named = [choice for choice in choices if wanted == f"{choice[0]}:{choice[1]}"]
    if named or not choices:
        return named[0] if named else None
    runs = sorted({number for number, _ in choices})
    if len(runs) > 1:
        return [choice for choice in choices if choice[0] == runs[place]][-1]
    usual = (runs[0], ("hsft", "cross_dpo")[place])
    return usual if usual in choices else choices[-place]


def _change(before: str, after: str) -> Change:
    known = ("correct", "incorrect")
    if before not in known or after not in known:
        return "ungradable"
    if before == after:
        return "both_right" if before == "correct" else "both_wrong"
    return "fixed" if after == "correct" else "broken"
