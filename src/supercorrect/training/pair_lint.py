"""Pre-flight of preference pairs: what a pair's tokens would teach besides what it is for.

Each finding says how many pairs it concerns and names some. Those that block would make the training worthless; the
others are to be known. `force` is the caller's: it goes on, and keeps the findings beside the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supercorrect.records import Pair

NAMED = 3
LENGTH_BIAS = 0.9
"""A side that is the longer one in more than this share of pairs can be told by its length alone."""


@dataclass(frozen=True)
class Finding:
    """One kind of fault.

    Attributes:
        check: Its name.
        blocks: Whether training must not begin with it.
        pair_ids: The pairs concerned, all of them.
        detail: What was expected, and what to do.
    """

    check: str
    blocks: bool
    pair_ids: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        some = ", ".join(self.pair_ids[:NAMED]) + (", …" if len(self.pair_ids) > NAMED else "")
        return f"{self.check}: {len(self.pair_ids)} pairs ({some}): {self.detail}"


def lint_pairs(
    pairs: Sequence[Pair], *, end_id: int, max_length: int | None, causes: Mapping[str, str], answers: Mapping[str, str]
) -> list[Finding]:
    """Look at all pairs of a training.

    Args:
        pairs: The pairs.
        end_id: The token that ends the assistant's turn.
        max_length: The most tokens of prompt and longer side together; None: any.
        causes: The teacher's cause, by correction id; it is in the chosen side of the layout `correction`.
        answers: The reference answer, by problem id.
    """
    seen = Counter((p.prompt_ids, p.chosen_ids, p.rejected_ids) for p in pairs)
    chosen_anywhere = {(p.prompt_ids, p.chosen_ids) for p in pairs}
    checks = [
        ("empty_side", True, [not (p.prompt_ids and p.chosen_ids and p.rejected_ids) for p in pairs],
         "prompt, chosen and rejected all need tokens"),
        ("equal_sides", True, [p.chosen_ids == p.rejected_ids for p in pairs], "equal tokens teach nothing"),
        ("too_long", True, [pair_length(p) > (max_length or pair_length(p)) for p in pairs],
         f"longer than max_length={max_length} tokens and never truncated; raise max_length or leave it out"),
        ("one_side_ends", True, [(end_id in p.chosen_ids) != (end_id in p.rejected_ids) for p in pairs],
         f"token {end_id}, the end of the turn, is in one side alone, so stopping would be trained in or out"),
        ("ends_midway", True, [end_id in (*p.chosen_ids[:-1], *p.rejected_ids[:-1]) for p in pairs],
         f"token {end_id}, the end of the turn, stands before the last place"),
        ("contradiction", True, [(p.prompt_ids, p.rejected_ids) in chosen_anywhere for p in pairs],
         "the rejected tokens are chosen ones of another pair with the same prompt"),
        ("duplicate", False, [seen[p.prompt_ids, p.chosen_ids, p.rejected_ids] > 1 for p in pairs],
         "the same tokens stand in several pairs and count as often"),
        ("answer_in_cause", False, [_leaks(p, causes, answers) for p in pairs],
         "the teacher's cause states the reference answer, which the student could not know"),
    ]  # fmt: skip
    findings = [
        Finding(check, blocks, tuple(p.pair_id for p, hit in zip(pairs, hits, strict=True) if hit), detail)
        for check, blocks, hits, detail in checks
        if any(hits)
    ]
    return findings + _length_bias(pairs)


def pair_length(pair: Pair) -> int:
    """Tokens of the prompt and the longer side together."""
    return len(pair.prompt_ids) + max(len(pair.chosen_ids), len(pair.rejected_ids))


def _leaks(pair: Pair, causes: Mapping[str, str], answers: Mapping[str, str]) -> bool:
    """Whether the answer stands in the cause as a word of its own and nowhere in what the student saw."""
    answer, cause = answers.get(pair.problem_id, ""), causes.get(pair.correction_id or "", "")
    words = cause.replace(",", " ").replace("$", " ").rstrip(".").split()
    return pair.layout == "correction" and bool(answer) and answer in words and answer not in pair.prompt


def _length_bias(pairs: Sequence[Pair]) -> list[Finding]:
    longer = {
        "chosen": [p.pair_id for p in pairs if len(p.chosen_ids) > len(p.rejected_ids)],
        "rejected": [p.pair_id for p in pairs if len(p.rejected_ids) > len(p.chosen_ids)],
    }
    return [
        Finding("length_bias", False, tuple(ids), f"the {side} side is the longer one in {len(ids) / len(pairs):.0%}")
        for side, ids in longer.items()
        if len(ids) > LENGTH_BIAS * len(pairs)
    ]
