"""The tables of accuracy: Tables 2 and 8, Figures 4 and 5, Section 5.4 and the controls."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence

from supercorrect.arms import style_arms
from supercorrect.metrics import compute_stability
from supercorrect.paper import published, values
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.tables import Figure, Row, Table, from_percents
from supercorrect.paper.values import Measure, pool
from supercorrect.records import Attempt, Problem

DECODINGS: tuple[tuple[str, Measure], ...] = (("sampled", values.sampled), ("greedy", values.greedy))
_ACCURACY = "Accuracy in % with its 95 % interval"


def make_table2(runs: Sequence[FinishedRun]) -> Table:
    """Tables 1, 2 and 7: one row a problem set and decoding."""
    arms = ("base", "sft", "hsft", "hsft_reflexion", "cross_dpo")
    rows = []
    for source, only in group_problems(runs, lambda problem: problem.source).items():
        for decoding, measure in DECODINGS:
            cells = tuple(pool(runs, measure, arm, only) for arm in arms)
            rows.append(Row((student_of(runs), source, decoding_of(runs, decoding)), cells))
    for paper in published.TABLE_2:
        rows.append(Row((paper.student, paper.problem_set, "lm-eval"), from_percents(*paper[2:]), of_paper=True))
    return Table(
        "table2",
        "Tables 1, 2 and 7: accuracy of every arm",
        ("student", "problems", "decoding"),
        ("base", "SFT", "HSFT", "HSFT + Reflexion", "HSFT + Cross-DPO"),
        tuple(rows),
        (f"{_ACCURACY}{_by_run(runs)}.",),
    )


def make_table8(runs: Sequence[FinishedRun]) -> Table:
    """Table 8: HSFT in other dress; styles that the recipe leaves out have no figure."""
    styled = style_arms(runs[0].recipe)
    heads = {
        "sft": "CoT",
        "hsft_hierarchy_without_generalized": "CoT+H, no Generalized",
        "hsft_hierarchy": "CoT+H",
        "hsft_headings": "ours, not XML",
        "hsft": "ours, XML",
    }
    rows = [
        Row(
            (student_of(runs), decoding_of(runs, decoding)),
            tuple(
                pool(runs, measure, arm) if arm in ("sft", "hsft") or arm in styled else Figure(None) for arm in heads
            ),
        )
        for decoding, measure in DECODINGS
    ]
    rows += [
        Row((paper.student, "lm-eval, MATH"), from_percents(*paper[1:]), of_paper=True) for paper in published.TABLE_8
    ]
    return Table(
        "table8",
        "Table 8: prompt styles for HSFT",
        ("student", "decoding"),
        tuple(heads.values()),
        tuple(rows),
        (f"{_ACCURACY}{_by_run(runs)}.",),
    )


def make_figure4(runs: Sequence[FinishedRun]) -> Table:
    """Figure 4: one row a topic, one column an arm."""
    rows = [
        Row((topic, str(sum(map(len, only)))), tuple(pool(runs, values.sampled, arm, only) for arm in runs[0].arms))
        for topic, only in group_problems(runs, lambda problem: problem.topic).items()
    ]
    return Table(
        "figure4",
        "Figure 4: accuracy by topic",
        ("topic", "problems"),
        runs[0].arms,
        tuple(rows),
        (f"{_ACCURACY}, {decoding_of(runs, 'sampled')}{_by_run(runs)}.", published.FIGURE_4),
    )


def make_figure5(runs: Sequence[FinishedRun]) -> Table:
    """Figure 5: mean and variance over repeats."""
    rows = [
        Row((arm,), (pool(runs, values.repeated, arm), pool(runs, values.unsteadiness, arm), _spread(runs, arm)))
        for arm in runs[0].arms
        if arm != "hsft_reflexion"
    ]
    stability = runs[0].recipe.evaluation.stability
    problems = sum(len(run.repeats(runs[0].arms[0])) for run in runs)
    return Table(
        "figure5",
        "Figure 5: stability on the hardest problems",
        ("arm",),
        ("mean accuracy", "variance between repeats of a problem", "standard deviation of a repeat's accuracy"),
        tuple(rows),
        (
            f"{problems} problems of the highest level, {stability.repeats if stability else 0} repeats each, "
            f"{decoding_of(runs, 'sampled')}; accuracy and deviation in %, variance of right (1) and not right (0) "
            f"times 100, so that 25 is a coin flip{_by_run(runs)}.",
            published.FIGURE_5,
        ),
    )


def _spread(runs: Sequence[FinishedRun], arm: str) -> Figure:
    """The standard deviation of the accuracy over repeats: a repeat is one solution of every problem of a run."""
    by_run = [
        compute_stability([[verdict == "correct" for verdict in item.verdicts] for item in run.repeats(arm)])
        for run in runs
    ]
    deviations = tuple(math.sqrt(stability["variance"]) for stability in by_run)
    return Figure(math.fsum(deviations) / len(deviations), by_run=deviations)


def make_section5_4(runs: Sequence[FinishedRun]) -> Table:
    """Section 5.4: Step-DPO on the same errors."""
    return _arms_table(
        runs, "section5_4", "Section 5.4: Step-DPO (arXiv 2406.18629) on the same errors", (published.SECTION_5_4,)
    )


def make_controls(runs: Sequence[FinishedRun]) -> Table:
    """What the paper does not compare with."""
    notes = ("The paper has no such controls.", *_describe_spending(runs))
    return _arms_table(runs, "controls", "Not in the paper: controls and ablations", notes)


def _describe_spending(runs: Sequence[FinishedRun]) -> tuple[str, ...]:
    """What the teacher was asked for Cross-DPO, and for each control that was to cost as much."""
    spent = []
    for arm in runs[0].recipe.controls:
        attempts = [a for run in runs for a in run.folder.read(f"attempts/thoughts_{arm}", Attempt)]
        spent.append(f"{arm} {_describe_attempts(attempts)}")
    if not spent:
        return ()
    corrections = [a for run in runs for a in run.folder.read("attempts/corrections", Attempt)]
    return (f"Calls of the teacher: cross_dpo {_describe_attempts(corrections)}; {'; '.join(spent)}.",)


def _describe_attempts(attempts: Sequence[Attempt]) -> str:
    return f"{len(attempts):,} ({sum(a.output_tokens or 0 for a in attempts):,} tokens of output)"


def _arms_table(runs: Sequence[FinishedRun], name: str, title: str, notes: tuple[str, ...]) -> Table:
    """One row an arm, with everything that is measured of it."""
    measures: dict[str, Measure] = {
        "sampled": values.sampled,
        "greedy": values.greedy,
        "sampled, after self-correction": values.after_correction,
        "first error located": values.located,
        "and corrected": values.corrected,
        "false alarms": values.false_alarms,
    }
    rows = [Row((arm,), tuple(pool(runs, measure, arm) for measure in measures.values())) for arm in runs[0].arms]
    first = f"Shares in % with their 95 % intervals; sampled is {decoding_of(runs, 'sampled')}{_by_run(runs)}."
    return Table(name, title, ("arm",), tuple(measures), tuple(rows), (first, *notes))


def group_problems(
    runs: Sequence[FinishedRun], key: Callable[[Problem], str | None]
) -> dict[str, list[Collection[str]]]:
    """The ids of the held-out problems of each group, run by run; problems of no group are left out."""
    names = sorted({name for run in runs for p in run.problems.values() if (name := key(p)) is not None})
    return {name: [{p.problem_id for p in run.problems.values() if key(p) == name} for run in runs] for name in names}


def student_of(runs: Sequence[FinishedRun]) -> str:
    """The base student's name."""
    return re.split("[/:]", runs[0].recipe.student.model)[-1]


def decoding_of(runs: Sequence[FinishedRun], decoding: str) -> str:
    """`greedy`, or the temperature."""
    return decoding if decoding == "greedy" else f"T = {runs[0].recipe.evaluation.temperature:g}"


def _by_run(runs: Sequence[FinishedRun]) -> str:
    return ", over all seeds, and for each seed in brackets" if len(runs) > 1 else ""
