"""Token sequences as prefix trees, laid out in one row: what sequences have in common stands there once.

The row is the trees' preorder, so a token's descendants are a run behind it, and one rule says all about attention:
token `q` may look at token `k` exactly if `k <= q < ends[k]`. Its position is its depth, not its place in the row.

    [x s1 | a+ c+], [x s1 | a- c-]   row        x  s1 a+ c+ a- c-
                                     positions  0  1  2  3  2  3
                                     ends       6  6  4  4  6  6
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WORTH_SHARING = 0.25
"""The share of the shorter of two sequences that must be common at its start, for the two to stand in one tree."""


@dataclass(eq=False)
class Node:
    """A run of tokens that no sequence enters or leaves midway: `[start, stop)` of the row, its subtree `[start, end)`.

    `children` begin where the run stops.
    """

    start: int
    stop: int
    end: int
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Forest:
    """Prefix trees of a batch, in one row.

    Attributes:
        token_ids: The row.
        positions: Of each token in any sequence that it belongs to.
        parents: Place in the row of the token before each; −1 for a first token.
        ends: Place in the row just behind each token's last descendant.
        paths: For each sequence that went in, the places of its tokens.
        roots: The trees.
    """

    token_ids: list[int]
    positions: list[int]
    parents: list[int]
    ends: list[int]
    paths: list[list[int]]
    roots: list[Node]


def build_forest(sequences: Sequence[Sequence[int]]) -> Forest:
    """Lay sequences out as trees.

    Args:
        sequences: Token ids; none is empty. Equal ones, and ones that are the beginning of another, are welcome.
    """
    token_ids: list[int] = []
    positions: list[int] = []
    parents: list[int] = []
    ends: list[int] = []
    paths: list[list[int]] = [[] for _ in sequences]
    starts: set[int] = set()
    newest: Sequence[int] = ()
    path: list[int] = []
    for index in sorted(range(len(sequences)), key=lambda i: tuple(sequences[i])):
        sequence = sequences[index]
        common = _shared_length(newest, sequence)
        place = len(token_ids)
        for closed in path[common:]:
            ends[closed] = place
        starts.update(path[common : common + 1])
        starts.update([place] if common < len(sequence) else [])
        new = range(place, place + len(sequence) - common)
        token_ids += sequence[common:]
        positions += range(common, len(sequence))
        parents += [path[common - 1] if common else -1, *new[:-1]] if new else []
        ends += [-1] * len(new)
        paths[index] = path = path[:common] + list(new)
        newest = sequence
    for closed in path:
        ends[closed] = len(token_ids)
    return Forest(token_ids, positions, parents, ends, paths, _nodes(sorted(starts), ends))


def _nodes(starts: list[int], ends: list[int]) -> list[Node]:
    roots: list[Node] = []
    around: list[Node] = []
    for start, stop in zip(starts, [*starts[1:], len(ends)], strict=True):
        node = Node(start, stop, ends[start])
        while around and around[-1].end <= start:
            around.pop()
        (around[-1].children if around else roots).append(node)
        around.append(node)
    return roots


def _shared_length(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two sequences share at their start; 0 where it is too little to be worth it."""
    shorter = min(len(left), len(right))
    common = next((i for i in range(shorter) if left[i] != right[i]), shorter)
    return common if common >= WORTH_SHARING * shorter else 0
