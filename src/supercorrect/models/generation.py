"""Generation in batches that shrink: rows that have ended leave, and the cache has room for the tokens to come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import DynamicCache, StoppingCriteriaList
from transformers.cache_utils import DynamicLayer

ROOM_TOKENS, ROOM_SHARE = 8, 0.125
"""A cache that is full gets room for so many tokens more, or for this share of its tokens where that is more. Little
room, often: a CPU reads past holes slowly."""
RETIRED_SHARE = 0.125
"""Once this share of a batch's rows has ended, they leave it."""

HasEnded = Callable[[torch.Tensor], torch.Tensor]
"""From what the rows have written so far, ids of shape (rows, tokens), to a boolean a row."""


class RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values, of shape (rows, heads, tokens, head_dim), in buffers with room ahead.

    The layer it takes the place of is copied whole for each new token.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self._buffers: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take in the states of new tokens; gives those of all tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        begun = self.get_seq_length()
        length = begun + key_states.shape[-2]
        if self._buffers is None or self._buffers[0].shape[-2] < length:
            self._buffers = (self._grow(self.keys, key_states, begun), self._grow(self.values, value_states, begun))
        keys, values = self._buffers
        keys[:, :, begun:length] = key_states
        values[:, :, begun:length] = value_states
        self.keys, self.values = keys[:, :, :length], values[:, :, :length]
        return self.keys, self.values

    def _grow(self, held: torch.Tensor, new: torch.Tensor, begun: int) -> torch.Tensor:
        rows, heads, tokens, head_dim = new.shape
        length = begun + tokens
        room = max(ROOM_TOKENS, int(length * ROOM_SHARE))
        buffer = new.new_empty((rows, heads, length + room, head_dim))
        if begun:
            buffer[:, :, :begun] = held
        return buffer

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows."""
        super().batch_select_indices(indices)
        self._buffers = None


class _EnoughEnded:
    """Stops `generate` once enough rows have ended for the others to go on without them.

    Attributes:
        rows: Which rows have ended; a boolean each, None before the first token.
    """

    def __init__(self, has_ended: HasEnded, width: int, share: float) -> None:
        self._has_ended = has_ended
        self._width = width
        self._share = share
        self.rows: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        ended = self._has_ended(input_ids[:, self._width :])
        self.rows = ended if self.rows is None else self.rows | ended
        return torch.ones_like(ended) if self.rows.float().mean() >= self._share else self.rows


def generate_rows(
    model: Any,
    prompts: Sequence[Sequence[int]],
    has_ended: HasEnded,
    *,
    pad_id: int,
    max_new_tokens: int,
    draw: dict[str, Any],
) -> list[list[int]]:
    """Up to `max_new_tokens` ids behind each prompt, by `model.generate`, in order.

    Args:
        model: A causal language model.
        prompts: Token ids, of any lengths.
        has_ended: Which rows have written all they will; a row may hold a few ids behind its end.
        pad_id: Fills prompts up on their left.
        draw: How tokens are drawn, as `generate` takes it.
    """
    ids, mask = _pad_left(prompts, pad_id, model.device)
    width, limit = ids.shape[1], ids.shape[1] + max_new_tokens
    cache, shrinks = _open_cache(model)
    waiting = torch.arange(len(prompts), device=model.device)
    written: dict[int, list[int]] = {}
    while len(waiting):
        enough = _EnoughEnded(has_ended, width, RETIRED_SHARE if shrinks else 1.0)
        ids = model.generate(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=limit - ids.shape[1],
            pad_token_id=pad_id,
            stopping_criteria=StoppingCriteriaList([enough]),
            **draw,
        )
        ended = torch.ones_like(waiting, dtype=torch.bool) if ids.shape[1] == limit else enough.rows
        assert ended is not None
        written |= dict(zip(waiting[ended].tolist(), ids[ended, width:].tolist(), strict=True))
        kept = (~ended).nonzero().squeeze(1)
        if len(kept):
            mask = torch.cat([mask[kept], mask.new_ones((len(kept), ids.shape[1] - mask.shape[1]))], dim=1)
            cache.batch_select_indices(kept)
        waiting, ids = waiting[kept], ids[kept]
    return [written[row] for row in range(len(prompts))]


def _open_cache(model: Any) -> tuple[DynamicCache, bool]:
    """An empty cache, and whether rows can leave it."""
    cache = DynamicCache(config=model.config)
    cache.layers = [RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache, all(isinstance(layer, DynamicLayer) for layer in cache.layers)


def _pad_left(prompts: Sequence[Sequence[int]], pad_id: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask of shape (prompts, tokens of the longest)."""
    width = max(len(prompt) for prompt in prompts)
    rows = [[pad_id] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    seen = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(rows, device=device), torch.tensor(seen, device=device)
