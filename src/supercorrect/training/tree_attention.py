"""Exact attention over prefix trees that stand in one row: every other layer of the model sees each token once.

A dense mask over the whole row would cost its length squared. Here each tree is attended to by itself; its stem is
plain causal attention; its branches look at the stem and at themselves, together where that wastes little, else apart.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from supercorrect.training.prefix_tree import Forest, Node

ATTENTION_NAME = "prefix_tree"
WORTH_MASKING = 2.0
"""Branches are attended to in one call while that computes at most this many times the scores that count."""


class TreeAttention:
    """How to attend over one forest; made once a batch and used by every layer."""

    def __init__(self, forest: Forest) -> None:
        ends = torch.tensor(forest.ends)
        self._stems = [_Stem(root, [], ends) for root in forest.roots]
        self._sizes = [root.end - root.start for root in forest.roots]

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, **options: Any) -> Tensor:
        """Attend.

        Args:
            query: [1, heads, row, head_dim].
            key: [1, key_heads, row, head_dim]; `heads` is a multiple of `key_heads`.
            value: [1, key_heads, row, value_dim].
            options: `scale` and `dropout_p` of `scaled_dot_product_attention`.

        Returns:
            [1, heads, row, value_dim]
        """
        trees = zip(self._stems, *(torch.split(x, self._sizes, dim=2) for x in (query, key, value)), strict=True)
        return torch.cat([stem.attend(q, k, v, [], [], options) for stem, q, k, v in trees], dim=2)


class _Stem:
    """A node and all that hangs on it."""

    def __init__(self, node: Node, before: list[range], ends: Tensor) -> None:
        own, rest, whole = (
            range(*run) for run in ((node.start, node.stop), (node.stop, node.end), (node.start, node.end))
        )
        behind = [*before, own]
        together = len(rest) * sum(map(len, [*before, whole]))
        apart = sum(_scores(child, sum(map(len, behind))) for child in node.children)
        self._apart = together > WORTH_MASKING * apart
        self._sizes = [len(own), len(rest)]
        self._child_sizes = [child.end - child.start for child in node.children]
        self._children = [_Stem(child, behind, ends) for child in node.children] if self._apart else []
        self._own_mask = _Mask(own, behind, ends) if before else None
        self._rest_mask = None if self._apart or not rest else _Mask(rest, [*before, whole], ends)

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, keys: list[Tensor], values: list[Tensor], options: Any
    ) -> Tensor:
        """Attend from this subtree to itself and to what stands before it (`keys`, `values`)."""
        parts = [torch.split(x, self._sizes, dim=2) for x in (query, key, value)]
        (own_query, query_rest), (own_key, key_rest), (own_value, value_rest) = parts
        keys_own, values_own = [*keys, own_key], [*values, own_value]
        outputs = [_attend(own_query, keys_own, values_own, self._own_mask, options)]
        if self._apart:
            rests = (torch.split(x, self._child_sizes, dim=2) for x in (query_rest, key_rest, value_rest))
            children = zip(self._children, *rests, strict=True)
            outputs += [child.attend(q, k, v, keys_own, values_own, options) for child, q, k, v in children]
        elif self._rest_mask is not None:
            outputs.append(_attend(query_rest, [*keys, key], [*values, value], self._rest_mask, options))
        return torch.cat(outputs, dim=2)


class _Mask:
    """Which keys each query may see, as numbers to add to the scores: one tensor for all layers."""

    def __init__(self, queries: range, keys: list[range], ends: Tensor) -> None:
        query = torch.tensor(queries)[:, None]
        key = torch.cat([torch.tensor(run) for run in keys])
        self._allowed = (key <= query) & (query < ends[key])
        self._tensors: dict[tuple[torch.dtype, torch.device], Tensor] = {}

    def like(self, query: Tensor) -> Tensor:
        """[queries, keys], 0 or −∞, of the type and on the device of `query`."""
        kind = (query.dtype, query.device)
        if kind not in self._tensors:
            mask = torch.zeros(self._allowed.shape, dtype=query.dtype)
            self._tensors[kind] = mask.masked_fill_(~self._allowed, -torch.inf).to(query.device)
        return self._tensors[kind]


def _attend(query: Tensor, keys: list[Tensor], values: list[Tensor], mask: _Mask | None, options: Any) -> Tensor:
    key, value = (parts[0] if len(parts) == 1 else torch.cat(parts, dim=2) for parts in (keys, values))
    grouped = query.shape[1] != key.shape[1]
    if grouped and mask is not None and query.is_cuda:  # no fast kernel there takes both a mask and fewer key heads
        key, value = (x.repeat_interleave(query.shape[1] // x.shape[1], dim=1) for x in (key, value))
        grouped = False
    return scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=None if mask is None else mask.like(query),
        is_causal=mask is None,
        enable_gqa=grouped,
        **options,
    )


def _scores(node: Node, before: int) -> int:
    """Scores computed if every node of a subtree is attended to by itself, behind `before` tokens."""
    own = node.stop - node.start
    return own * (before + own) + sum(_scores(child, before + own) for child in node.children)


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    *,
    tree_attention: TreeAttention,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface; `tree_attention` comes through the model's forward.

    Returns:
        [1, row, heads, value_dim], and no weights.
    """
    return tree_attention(query, key, value, scale=scaling, dropout_p=dropout).transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION_NAME, _attention)
