"""The paper's orderings as claims, each judged by one rule: it holds, it does not hold, or it is not resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from supercorrect.config import TableName
from supercorrect.paper import correction, values
from supercorrect.paper.runs import FinishedRun
from supercorrect.paper.values import Compared, Measure

Judgement = Literal["holds", "does not hold", "not resolved"]
Kind = Literal["above", "well above", "below", "equal", "not above"]
MARGIN = 0.03
"""How far apart, as a share, two arms may be and still be called about equal."""
WELL = 0.05
"""What self-correction adds in the paper (Figure 3), as a share."""
RULES: dict[Kind, str] = {
    "above": "*holds*: the 95 % interval of the pooled paired difference lies above 0, and every seed's difference is "
    "above 0; *does not hold*: the interval lies below 0",
    "well above": f"as above, with {100 * WELL:g} points in place of 0",
    "below": "as above, with the signs exchanged",
    "equal": f"*holds*: the interval lies within ±{100 * MARGIN:g} points; *does not hold*: it lies outside of them",
    "not above": f"*holds*: the interval ends below {100 * MARGIN:g} points; *does not hold*: it lies above 0",
}


@dataclass(frozen=True)
class Side:
    """One side of a claim: an arm, measured in one way."""

    arm: str
    measure: Measure


@dataclass(frozen=True)
class Claim:
    """An ordering of the paper, or of ours against a control, on the runs of one table's recipe."""

    sentence: str
    table: TableName
    kind: Kind
    first: Side
    second: Side


@dataclass(frozen=True)
class Judged:
    """A claim and what the runs say about it."""

    claim: Claim
    compared: Compared
    judgement: Judgement


_Named = tuple[tuple[str, Measure], ...]
_ONE_PASS: _Named = (("sampled", values.sampled), ("greedy", values.greedy))
_ALL_PASSES: _Named = (*_ONE_PASS, ("after self-correction", values.after_correction))


def _arms(first: str, second: str, table: TableName, kind: Kind = "above", how: _Named = _ONE_PASS) -> list[Claim]:
    """The first arm against the second, once for each way of measuring."""
    relation = f"is {'about equal to' if kind == 'equal' else kind}"
    return [
        Claim(f"{first} {relation} {second}: {name}", table, kind, Side(first, measure), Side(second, measure))
        for name, measure in how
    ]


def _corrects(arm: str, kind: Kind, what: str) -> Claim:
    sides = Side(arm, values.after_correction), Side(arm, values.sampled)
    return Claim(f"{arm}: self-correction {what}", "figure3", kind, *sides)


def _judges_better(control: str) -> list[Claim]:
    """Cross-DPO as a judge of the HSFT student's solutions, against a control."""
    return [
        *_arms("cross_dpo", control, "controls", how=(("first error located", values.located),)),
        *_arms("cross_dpo", control, "controls", "not above", how=(("false alarms", values.false_alarms),)),
    ]


CLAIMS: tuple[Claim, ...] = (
    *_arms("sft", "base", "table2"),
    *_arms("hsft", "sft", "table2"),
    *_arms("hsft_reflexion", "hsft", "table2", "equal"),
    *_arms("cross_dpo", "hsft", "table2"),
    *_arms("cross_dpo", "hsft_reflexion", "table2"),
    _corrects("cross_dpo", "above", "adds accuracy"),
    _corrects("cross_dpo", "well above", f"adds {100 * WELL:g} points or more"),
    _corrects("hsft", "not above", "adds nothing"),
    _corrects("hsft_continued", "not above", "adds nothing"),
    *_arms("cross_dpo", "hsft", "table6", how=(("first error located", values.located),)),
    *_arms("cross_dpo", "hsft", "table6", how=(("first error corrected", values.corrected),)),
    *_arms("cross_dpo", "hsft", "table6", "not above", how=(("false alarms (ours)", values.false_alarms),)),
    Claim(
        "the teacher's corrections are more often right with an inspector than without",
        "table5",
        "above",
        Side("with_inspector", correction.teacher_is_right),
        Side("without_inspector", correction.teacher_is_right),
    ),
    *_arms("hsft_hierarchy_without_generalized", "sft", "table8"),
    *_arms("hsft_hierarchy", "hsft_hierarchy_without_generalized", "table8"),
    *_arms("hsft_headings", "hsft_hierarchy", "table8"),
    *_arms("hsft", "hsft_headings", "table8"),
    *_arms("cross_dpo", "hsft", "figure5", how=(("mean on the hardest problems", values.repeated),)),
    *_arms("cross_dpo", "hsft", "figure5", "below", how=(("variance on the hardest problems", values.unsteadiness),)),
    *_arms("cross_dpo", "step_dpo", "section5_4", how=_ALL_PASSES),
    *_arms("cross_dpo", "hsft_continued", "controls", how=_ALL_PASSES),
    *_arms("cross_dpo", "hsft_fresh_calls", "controls", how=_ALL_PASSES),
    *_arms("cross_dpo", "hsft_fresh_tokens", "controls", how=_ALL_PASSES),
    *_arms("cross_dpo", "hsft_always_key", "controls", how=_ALL_PASSES),
    *_judges_better("hsft_continued"),
    *_judges_better("hsft_fresh_calls"),
)
"""The paper's orderings, then those against controls that the paper does not have."""


def judge_claims(runs: Mapping[TableName, Sequence[FinishedRun]]) -> list[Judged]:
    """Every claim about the tables that were run."""
    judged = []
    for claim in CLAIMS:
        own = runs.get(claim.table, ())
        if own and _is_measured(claim, own):
            first, second = ([side.measure(run, side.arm) for run in own] for side in (claim.first, claim.second))
            compared = Compared(first, second)
            judged.append(Judged(claim, compared, judge(claim.kind, compared)))
    return judged


def judge(kind: Kind, compared: Compared) -> Judgement:
    """The verdict of `RULES` on a difference; without any item it is not resolved."""
    if compared.pooled is None:
        return "not resolved"
    low, high = compared.pooled["ci95"]
    signs = compared.by_run
    if kind == "below":
        low, high, signs = -high, -low, tuple(-difference for difference in signs)
    if kind == "equal":
        within, outside = low >= -MARGIN and high <= MARGIN, low > MARGIN or high < -MARGIN
        return "holds" if within else "does not hold" if outside else "not resolved"
    if kind == "not above":
        return "holds" if high < MARGIN else "does not hold" if low > 0 else "not resolved"
    bar = WELL if kind == "well above" else 0.0
    if low > bar and all(difference > bar for difference in signs):
        return "holds"
    return "does not hold" if high < bar else "not resolved"


def _is_measured(claim: Claim, runs: Sequence[FinishedRun]) -> bool:
    """Whether the runs have both sides: a recipe may leave arms out."""
    about_students = claim.table != "table5"
    return not about_students or all({claim.first.arm, claim.second.arm} <= set(run.arms) for run in runs)
