"""Log-probabilities of completions, in one of two forms that agree to rounding.

`PackedTrees` lays a batch out as prefix trees in one row, so that nothing common is encoded twice and nothing is
padded. `PaddedRows` gives each sequence a row of its own: for models whose layers mix tokens along the row.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from supercorrect.training.prefix_tree import build_forest
from supercorrect.training.tree_attention import ATTENTION_NAME, TreeAttention

log = logging.getLogger(__name__)

STATE_WORDS = ("conv", "mamba", "ssm", "linear_num", "lru_", "rwkv", "recurrent")
"""In the names of configuration keys, signs of layers that carry state along the row."""


@dataclass(frozen=True)
class TokenSequence:
    """Token ids of a prompt (not empty) and of the completion whose log-probability is asked for (not empty)."""

    prompt_ids: Sequence[int]
    completion_ids: Sequence[int]

    @property
    def token_ids(self) -> list[int]:
        """Both, one behind the other."""
        return [*self.prompt_ids, *self.completion_ids]


class PackedTrees:
    """Sequences as prefix trees in one row. The head runs only where a completion's token is predicted."""

    def __init__(self, sequences: Sequence[TokenSequence]) -> None:
        forest = build_forest([s.token_ids for s in sequences])
        completions = [path[len(s.prompt_ids) :] for s, path in zip(sequences, forest.paths, strict=True)]
        scored = sorted({place for completion in completions for place in completion})
        predictors = sorted({forest.parents[place] for place in scored})
        rank = {place: number for number, place in enumerate(scored)}
        predictor_rank = {place: number for number, place in enumerate(predictors)}
        self.input_ids = torch.tensor([forest.token_ids])
        self._positions = torch.tensor([forest.positions])
        self._attention = TreeAttention(forest)
        self._predictors = torch.tensor(predictors)
        self._targets = torch.tensor([forest.token_ids[place] for place in scored])
        self._rows = torch.tensor([predictor_rank[forest.parents[place]] for place in scored])
        # A completion is padded with the number behind the last, where a zero will stand.
        members = [torch.tensor([rank[place] for place in completion]) for completion in completions]
        self._members = pad_sequence(members, batch_first=True, padding_value=len(scored))

    def logps(self, model: Any, device: torch.device) -> Tensor:
        """[sequences], the log-probability of each completion, summed over its tokens."""
        logits = model(
            input_ids=self.input_ids.to(device),
            position_ids=self._positions.to(device),
            logits_to_keep=self._predictors.to(device),
            use_cache=False,
            tree_attention=self._attention,
        ).logits[0]
        token_logps = _token_logps(logits, self._rows.to(device), self._targets.to(device))
        return torch.cat([token_logps, token_logps.new_zeros(1)])[self._members.to(device)].sum(dim=1)


class PaddedRows:
    """Sequences as rows, padded on the right. The head runs on the columns in which any completion is predicted."""

    def __init__(self, sequences: Sequence[TokenSequence]) -> None:
        rows = [torch.tensor(s.token_ids) for s in sequences]
        labels = [torch.tensor([-1] * len(s.prompt_ids) + list(s.completion_ids)) for s in sequences]
        first = min(len(s.prompt_ids) for s in sequences) - 1
        self.input_ids = pad_sequence(rows, batch_first=True)
        self._mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        self._labels = pad_sequence(labels, batch_first=True, padding_value=-1)[:, first + 1 :]
        self._columns = torch.arange(first, self.input_ids.shape[1] - 1)

    def logps(self, model: Any, device: torch.device) -> Tensor:
        """[sequences], the log-probability of each completion, summed over its tokens."""
        return self.token_logps(model, device).sum(dim=1)

    def token_logps(self, model: Any, device: torch.device) -> Tensor:
        """[sequences, columns], the log-probability of each token of a completion; 0 where there is none.

        Column 0 is the first token behind the shortest prompt.
        """
        logits = model(
            input_ids=self.input_ids.to(device),
            attention_mask=self._mask.to(device),
            logits_to_keep=self._columns.to(device),
            use_cache=False,
        ).logits
        labels = self._labels.to(device)
        scored = labels >= 0
        token_logps = _token_logps(logits[scored], torch.arange(int(scored.sum()), device=device), labels[scored])
        return torch.zeros_like(labels, dtype=token_logps.dtype).masked_scatter(scored, token_logps)


def _token_logps(logits: Tensor, rows: Tensor, targets: Tensor) -> Tensor:
    """Log-probabilities of tokens.

    Args:
        logits: [predictors, vocabulary].
        rows: [tokens], which predictor speaks of each token; several tokens may share one.
        targets: [tokens], their ids.
    """
    logits = logits.float()
    return logits[rows, targets] - logits.logsumexp(dim=-1)[rows]


def sharing_obstacle(model: Any) -> str | None:
    """Why sequences of this model cannot share their prefix in one row; None: they can.

    Sharing takes a token's place in the row from attention and position ids alone. Whatever else tells a layer about
    the row (state carried along it, a window counted in places) would mix branches.
    """
    config = model.config.get_text_config()
    kinds = sorted(set(getattr(config, "layer_types", None) or ["full_attention"]) - {"full_attention"})
    stateful = sorted(key for key in config.to_dict() if any(word in key.lower() for word in STATE_WORDS))
    if kinds:
        return f"it has layers of another kind than full attention ({', '.join(kinds)})"
    if stateful or getattr(model, "_is_stateful", False):
        return f"its layers carry state along the row ({', '.join(stateful) or 'stateful'})"
    if getattr(config, "sliding_window", None) is not None:
        return f"its attention has a sliding window ({config.sliding_window} tokens)"
    if getattr(config, "attn_logit_softcapping", None) is not None:
        return "its attention scores are capped"
    if any(name.endswith("sinks") for name, _ in model.named_parameters()):
        return "its attention has sinks"
    if not getattr(model, "_supports_attention_backend", False):
        return "its attention does not go through transformers' attention interface"
    return None


def try_sharing(model: Any) -> bool:
    """Share prefixes where the model can; where it cannot, the log says why, and False is returned."""
    obstacle = sharing_obstacle(model)
    if obstacle is None:
        share_prefixes(model)
    else:
        log.warning("prefixes are not shared, chosen and rejected go in two rows: this model cannot, %s", obstacle)
    return obstacle is None


def share_prefixes(model: Any) -> None:
    """Make a model without an obstacle attend over trees; from now on it takes `PackedTrees` only."""
    model.set_attn_implementation(ATTENTION_NAME)
