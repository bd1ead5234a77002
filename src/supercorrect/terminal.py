"""What the command line prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from supercorrect.amounts import dollars
from supercorrect.visible_text import make_cells, plain_text

if TYPE_CHECKING:  # `supercorrect --help` needs none of it, and is not to wait for it
    from supercorrect.estimate import Estimate, Figure
    from supercorrect.integrity.replay import Replayed
    from supercorrect.integrity.verify import Verification
    from supercorrect.manifest import Manifest
    from supercorrect.plan import Plan
    from supercorrect.plan.memory import Part


def print_plan(plan: Plan) -> None:
    """What each stage would do and take, and below it what the figures rest on; unknown is never shown as 0."""
    table = _stage_table("state", "GiB a device", "hours", "cost", "disk GB")
    for stage in plan.stages:
        disk = _range(stage.disk, lambda size: f"{size / 1e9:.1f}")
        needs = [
            _memory(stage.memory),
            _range(stage.hours, lambda hours: f"{hours:.2g}"),
            _range(stage.usd, dollars),
            disk,
        ]
        table.add_row(*make_cells(stage.stage, stage.state, *needs))
    console = Console(highlight=False)
    console.print(table)
    for stage in plan.stages:
        figures = {"hours": stage.hours, "cost": stage.usd, "disk": stage.disk}
        lines = [f"{part.name}: {_gib(part.size)}, {part.basis}" for part in stage.memory]
        lines += [f"{name}: {figure.basis}" for name, figure in figures.items() if figure is not None]
        for line in (*lines, *stage.notes):
            _print_line(console, f"{stage.stage}, {line}")
    for line in plan.basis:
        _print_line(console, line)


def _memory(parts: Sequence[Part]) -> str:
    """The sum of what is known, and whether there is more; a stage without a model here has none to show."""
    known = sum(part.size for part in parts if part.size is not None)
    more = any(part.size is None for part in parts)
    return f"{'over ' if more else ''}{known / 2**30:.2f}" if parts else ""


def _gib(size: float | None) -> str:
    return "unknown" if size is None else f"{size / 2**30:.2f} GiB"


def print_status(plan: dict[str, str], manifest: Manifest) -> None:
    """Each stage with its counts, time and cost, in eighty columns; then why items were rejected, and what is to do."""
    table = _stage_table("in", "kept", "rejected", "seconds", "tokens in/out", "cost")
    for name in plan:
        entry = manifest.stages.get(name)
        if entry is None:
            table.add_row(*make_cells(name))
            continue
        tokens = f"{_short(entry.input_tokens)} / {_short(entry.output_tokens)}" if entry.input_tokens else ""
        counts = (str(entry.inputs), str(entry.kept), str(sum(entry.rejected.values())), f"{entry.seconds:.1f}")
        table.add_row(*make_cells(name, *counts, tokens, dollars(entry.usd) if tokens else ""))
    console = Console(highlight=False)
    console.print(table)
    for name in plan:
        if name in manifest.stages and manifest.stages[name].rejected:
            _print_line(console, f"{name}, rejected: {describe_counts(manifest.stages[name].rejected)}")
    waiting = {name: state for name, state in plan.items() if state != "up to date"}
    for name, state in waiting.items():
        _print_line(console, f"{name}: {state}")
    _print_line(console, f"{len(plan) - len(waiting)} of {len(plan)} stages are up to date")


def print_estimate(estimate: Estimate) -> None:
    """Each teacher stage with what it has yet to ask, and what that rests on; unknown is never shown as 0."""
    table = _stage_table("requests", "stored", "input tokens", "output tokens", "cost", "in batches")
    for stage in estimate.stages:
        counts = [_range(figure, _short) for figure in (stage.requests, stage.input_tokens, stage.output_tokens)]
        costs = [_range(figure, dollars) for figure in (stage.usd, stage.usd_in_batches)]
        table.add_row(*make_cells(stage.stage, counts[0], f"{stage.stored:,}", *counts[1:], *costs))
    totals = [_range(figure, dollars) for figure in (estimate.usd, estimate.usd_in_batches)]
    table.add_row(*make_cells("all", "", "", "", "", *totals))
    console = Console(highlight=False)
    console.print(table)
    for stage in estimate.stages:
        for name in ("requests", "input_tokens", "output_tokens"):
            basis = getattr(stage, name).basis
            _print_line(console, f"{stage.stage}, {name.replace('_', ' ')}: {basis}")
    batches = f"batches at {estimate.batch_price_factor:g} of it"
    for what in estimate.left_out:
        _print_line(console, f"not in these figures: {what}")
    _print_line(console, f"price of {estimate.model}: {estimate.price_basis}; {batches}")


def print_verification(found: Verification) -> None:
    """What is damaged and what makes it whole, then how much was looked at."""
    console = Console(highlight=False)
    for damage in found.damages:
        _print_line(console, f"DAMAGED {damage.path}: {damage.found}\n  {damage.remedy}")
    for note in found.notes:
        _print_line(console, f"note: {note}")
    looked_at = f"{found.files} files ({found.size_bytes / 1e6:.1f} MB) and {found.responses} responses"
    _print_line(console, f"{looked_at}: {f'{len(found.damages)} damaged' if found.damages else 'all whole'}")


def print_replayed(stage: Replayed) -> None:
    """What became of one stage of a replay."""
    detail = f": {stage.detail}" if stage.detail else ""
    files = f" ({stage.files} files)" if stage.files else ""
    _print_line(Console(highlight=False), f"{stage.name}: {stage.state}{files}{detail}")


def _stage_table(*headings: str) -> Table:
    """A table with a row a stage, whose names are never cut short."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("stage", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _range(figure: Figure | None, show: Callable[[float], str]) -> str:
    """A figure, and where it may lie if that is not sure."""
    if figure is None:
        return "unknown"
    low, value, high = show(figure.low), show(figure.value), show(figure.high)
    return value if low == high else f"{value}\n({low} to {high})"


def _short(count: float) -> str:
    """A count, rounded where that can be read at a glance."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if count >= 10 * unit:
            return f"{count / unit:,.0f}{name}"
    return f"{count:,.0f}"


def describe_counts(counts: Mapping[str, int]) -> str:
    """Counts by name, on one line."""
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def read_table(report: Path) -> str:
    """The first table of a Markdown report."""
    lines = report.read_text(encoding="utf-8").splitlines()
    rows = [i for i, line in enumerate(lines) if line.startswith("|")]
    last = next((i for i in rows if i + 1 not in rows), rows[-1])
    return "\n".join(lines[rows[0] : last + 1])


def print_localisation(result: dict[str, Any]) -> None:
    """A critic's figures, a row a set: what it says of all solutions, then of wrong and right ones apart."""
    rows = {name: one["figures"] for name, one in result["sets"].items()} | {"all": result["all"]}
    overall = Table("set", "n", "exact", "within one", "F1", "false alarms", "unreadable")
    apart = Table("set", "wrong: exact", "none named", "right: exact", "right answer, wrong step", "answer", "step")
    for name, figures in rows.items():
        wrong, right, hidden = figures["wrong"], figures["right"], figures["right_answer_wrong_step"]
        f1 = "–" if figures["f1"] is None else f"{100 * figures['f1']:.1f}"
        shares = [_percent(figures["exact"]), _percent(figures["within_one"]), f1, _percent(right["false_alarm_rate"])]
        overall.add_row(*make_cells(name, str(figures["n"]), *shares, str(sum(figures["unreadable"].values()))))
        shares = [_percent(right["exact"]), _percent(hidden["exact"])]
        shares += [_percent(wrong["corrected_answer"]), _percent(wrong["corrected_step"])]
        apart.add_row(*make_cells(name, _percent(wrong["exact"]), str(wrong["none_named"]), *shares))
    console = Console(highlight=False)
    console.width = max(console.width, 130)
    console.print(overall)
    console.print(apart)
    console.print("answer, step: located exactly and put right, where a reference answer or people's step is known")


def print_teacher_quality(result: dict[str, Any]) -> None:
    """A row a condition: what was accepted, and how far people agree."""
    table = Table("condition", "n", "accepted", "first wrong step", "answer right", "both", "step as people's")
    table.add_column("first wrong step, of accepted")
    for name, figures in result["conditions"].items():
        if figures is not None:
            shares = [figures["accepted"], figures["all"]["exact"], figures["answer_right"]]
            shares += [figures["all"]["corrected_answer"], figures["all"]["corrected_step"]]
            shares.append(figures["of_accepted"]["exact"])
            table.add_row(*make_cells(name.replace("_", " "), str(result["n"]), *map(_percent, shares)))
    console = Console(highlight=False)
    console.width = max(console.width, 130)
    console.print(table)
    if result["inspector"] is not None:
        counts = {name: count for name, count in result["inspector"].items() if name != "accepted"}
        said = describe_counts({name.replace("_", " "): count for name, count in counts.items()})
        _print_line(console, f"inspector: {_percent(result['inspector']['accepted'])} accepted; {said} with people")
    _print_line(console, f"left out: {describe_counts(result['left_out'])}")


def _print_line(console: Console, line: str) -> None:
    """A line as it is: never markup, and broken by the terminal alone."""
    console.print(plain_text(line), markup=False, soft_wrap=True)


def _percent(proportion: Mapping[str, Any] | None) -> str:
    """A share in percent with its interval."""
    if proportion is None:
        return "–"
    low, high = proportion["ci95"]
    return f"{100 * proportion['value']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
