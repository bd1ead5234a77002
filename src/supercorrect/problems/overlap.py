"""What is evaluated on must not be trained on: no two splits share a problem, after normalisation."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from supercorrect.records import Problem, Rejection

OPERATION_SIGNS = frozenset("+-*/^=<>|%")


def normalise_text(text: str) -> str:
    """Text without what does not change a problem: case, compatibility forms, spacing, punctuation, LaTeX's dollars.

    Signs of operations stay: `2 - 3` and `2 + 3` are two problems.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() or c in OPERATION_SIGNS else " " for c in folded).split())


def keep_splits_apart(
    splits: Mapping[str, Sequence[Problem]], *, stage: str
) -> tuple[dict[str, list[Problem]], list[Rejection]]:
    """Keep each problem once: in the last of the splits that has it, so that evaluation sets stay whole.

    Args:
        splits: Problems by split, what is evaluated on last.
        stage: Named in the rejections.
    """
    seen: set[str] = set()
    kept: dict[str, list[Problem]] = {}
    rejections: list[Rejection] = []
    for name in reversed(list(splits)):
        kept[name] = []
        own: set[str] = set()
        for problem in splits[name]:
            text = normalise_text(problem.problem)
            reason = "duplicate" if text in own else "in_later_split" if text in seen else None
            own.add(text)
            if reason:
                rejections.append(Rejection(stage=stage, item_id=problem.problem_id, reason=reason, detail=name))
            else:
                kept[name].append(problem)
        seen |= own
    return {name: kept[name] for name in splits}, rejections
