"""Prefix trees: what went in comes out, each token sees exactly its own past, and attention is the plain one."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from supercorrect.training.prefix_tree import Node, build_forest
from supercorrect.training.tree_attention import TreeAttention

# Few different tokens and shared stems: branches at every depth, equal sequences, beginnings of one another.
TOKENS = st.integers(0, 2)
STEMS = st.lists(st.lists(TOKENS, min_size=1, max_size=20), min_size=1, max_size=3)
BATCHES = STEMS.flatmap(
    lambda stems: st.lists(
        st.tuples(st.sampled_from(stems), st.integers(1, 20), st.lists(TOKENS, max_size=8)), min_size=1, max_size=9
    ).map(lambda rows: [stem[:cut] + rest for stem, cut, rest in rows])
)


@given(BATCHES)
def test_paths_spell_the_sequences(sequences: list[list[int]]) -> None:
    forest = build_forest(sequences)
    for sequence, path in zip(sequences, forest.paths, strict=True):
        assert [forest.token_ids[place] for place in path] == sequence
        assert [forest.positions[place] for place in path] == list(range(len(sequence)))
        assert [forest.parents[place] for place in path] == [-1, *path[:-1]]
    assert {place for path in forest.paths for place in path} == set(range(len(forest.token_ids)))


@given(BATCHES)
def test_a_token_sees_its_own_past_and_nothing_else(sequences: list[list[int]]) -> None:
    forest = build_forest(sequences)
    row = range(len(forest.token_ids))
    for path in forest.paths:
        for depth, query in enumerate(path):
            assert [key for key in row if key <= query < forest.ends[key]] == path[: depth + 1]


@given(BATCHES)
def test_nothing_common_stands_twice_in_a_tree(sequences: list[list[int]]) -> None:
    forest = build_forest(sequences)
    for root in forest.roots:
        below = [(forest.parents[place], forest.token_ids[place]) for place in range(root.start, root.end)]
        assert len(below) == len(set(below))


@given(BATCHES)
def test_nodes_cover_the_row_in_order(sequences: list[list[int]]) -> None:
    forest = build_forest(sequences)

    def runs(nodes: list[Node]) -> list[tuple[int, int]]:
        return [run for node in nodes for run in [(node.start, node.stop), *runs(node.children)]]

    found = runs(forest.roots)
    assert [start for start, _ in found] == [0, *(stop for _, stop in found[:-1])]
    assert found[-1][1] == len(forest.token_ids)


@settings(deadline=None, max_examples=60)
@given(BATCHES, st.sampled_from([1, 2]))
def test_attention_over_trees_is_attention_over_each_sequence(sequences: list[list[int]], key_heads: int) -> None:
    forest = build_forest(sequences)
    length = len(forest.token_ids)
    torch.manual_seed(0)
    query = torch.randn(1, 2, length, 4, dtype=torch.float64)
    key, value = torch.randn(2, 1, key_heads, length, 4, dtype=torch.float64)
    found = TreeAttention(forest)(query, key, value, scale=0.5, dropout_p=0.0)
    for path in forest.paths:
        parts = (x[:, :, path] for x in (query, key, value))
        alone = scaled_dot_product_attention(*parts, is_causal=True, scale=0.5, enable_gqa=True)
        assert torch.allclose(found[:, :, path], alone, atol=1e-12)


def test_the_row_in_the_module_docstring() -> None:
    forest = build_forest([[7, 8, 1, 2], [7, 8, 3, 4]])
    assert forest.token_ids == [7, 8, 1, 2, 3, 4]
    assert forest.positions == [0, 1, 2, 3, 2, 3]
    assert forest.ends == [6, 6, 4, 4, 6, 6]


def test_a_chance_first_token_makes_no_tree() -> None:
    long = list(range(100))
    assert len(build_forest([long, [0, *reversed(long)]]).roots) == 2
    assert len(build_forest([long, long[:60] + long[:60]]).roots) == 1
