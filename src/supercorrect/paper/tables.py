"""A table as data, and as Markdown: figures with intervals, and the paper's rows marked as the paper's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A number in a table.

    Attributes:
        value: A share between 0 and 1, or whatever the table's notes say; None: there is nothing to count.
        ci95: Its 95 % interval. None: it has none.
        n: How many it was counted over. None: unknown, as in the paper's rows.
        by_run: The same in each run, where there are several.
    """

    value: float | None
    ci95: tuple[float, float] | None = None
    n: int | None = None
    by_run: tuple[float, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line: what it is about, then a cell a column. `of_paper`: the figures are the paper's, not measured here."""

    labels: tuple[str, ...]
    cells: tuple[Figure | str, ...]
    of_paper: bool = False


@dataclass(frozen=True)
class Table:
    """A table or figure of the paper, from one run or pooled over several.

    Attributes:
        name: As in the recipe's `tables`.
        title: What it is in the paper.
        labels: Heads of the columns that name a row.
        columns: Heads of the other columns.
        notes: Sentences that stand below it.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def from_percents(*percents: float) -> tuple[Figure, ...]:
    """Cells of a row of the paper's, which gives percents without intervals."""
    return tuple(Figure(percent / 100) for percent in percents)


def render_table(table: Table) -> str:
    """The table in Markdown, with title and notes."""
    lines = [f"**{table.title}**", "", *_render_rows(table)]
    if table.notes:
        lines += ["", *(f"{note}  " for note in table.notes[:-1]), table.notes[-1]]
    return "\n".join(lines) + "\n"


def _render_rows(table: Table) -> list[str]:
    heads = (*table.labels, *table.columns)
    lines = [_line(heads), _line("---" for _ in heads)]
    for row in table.rows:
        labels = (f"*paper:* {row.labels[0]}", *row.labels[1:]) if row.of_paper else row.labels
        lines.append(_line((*labels, *(show(cell) for cell in row.cells))))
    return lines


def _line(cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", "<br>") for cell in cells) + " |"  # type: ignore[attr-defined]


def show(cell: Figure | str) -> str:
    """A cell: percents with the interval, and the runs one by one behind it."""
    if isinstance(cell, str):
        return cell
    if cell.value is None:
        return "–"
    text = percent(cell.value)
    if cell.ci95 is not None:
        text += f" [{percent(cell.ci95[0])}, {percent(cell.ci95[1])}]"
    if len(cell.by_run) > 1:
        text += f" ({' / '.join(percent(value) for value in cell.by_run)})"
    return text


def percent(share: float) -> str:
    """A share in %, with one digit."""
    return f"{100 * share:.1f}"
