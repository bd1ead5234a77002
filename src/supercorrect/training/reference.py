"""log π_ref of every pair (Eq. 8): computed once, before training, and kept beside the checkpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate.utils import gather_object

from supercorrect.store import read_sealed_json, write_sealed_json
from supercorrect.training.completion_logps import PackedTrees, PaddedRows, TokenSequence
from supercorrect.training.processes import this_process


class TokenPair(Protocol):
    """A preference pair as token ids, in TRL's columns: a `Pair` record, or whatever else has them."""

    @property
    def prompt_ids(self) -> Sequence[int]:
        """What both sides follow on; not empty."""

    @property
    def chosen_ids(self) -> Sequence[int]:
        """a⁺, c⁺ of Eq. 8."""

    @property
    def rejected_ids(self) -> Sequence[int]:
        """a⁻, c⁻ of Eq. 8."""


@dataclass(frozen=True)
class ReferenceLogps:
    """log π_ref of both sides of each pair, in the order of the pairs, and what they belong to.

    `fingerprint` is a hash of the model and of every token of the pairs.
    """

    fingerprint: str
    ref_chosen_logps: list[float]
    ref_rejected_logps: list[float]


def pair_sequences(pairs: Sequence[TokenPair]) -> list[TokenSequence]:
    """Chosen and rejected of each pair in turn: [2·pairs]."""
    return [TokenSequence(p.prompt_ids, side) for p in pairs for side in (p.chosen_ids, p.rejected_ids)]


def reference_fingerprint(model: str, pairs: Sequence[TokenPair]) -> str:
    """A hash of a model's own hash and of the pairs, token for token and in order."""
    rows = [[list(p.prompt_ids), list(p.chosen_ids), list(p.rejected_ids)] for p in pairs]
    return hashlib.sha256(json.dumps([model, rows]).encode()).hexdigest()


def load_reference(path: Path, fingerprint: str) -> ReferenceLogps | None:
    """What an earlier run computed; None where there is nothing, it is damaged, or of another model or other pairs."""
    try:
        reference = ReferenceLogps(**read_sealed_json(path))
    except (OSError, ValueError, TypeError):
        return None
    return reference if reference.fingerprint == fingerprint else None


def compute_reference(
    model: Any, pairs: Sequence[TokenPair], *, batch_size: int, share: bool, fingerprint: str
) -> ReferenceLogps:
    """Run the reference model over all pairs; under `accelerate launch` each process takes its share of them.

    Args:
        model: π_ref, before training and whole in this process.
        pairs: In any order; neighbours share what they have in common.
        batch_size: Pairs encoded together.
        share: Whether prefixes are shared (`share_prefixes` was called on the model).
        fingerprint: Of model and pairs.
    """
    order = sorted(range(len(pairs)), key=lambda i: list(pairs[i].prompt_ids))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    form = PackedTrees if share else PaddedRows
    process = this_process()
    was_training = model.training
    model.eval()
    found: list[tuple[int, float, float]] = []
    with torch.no_grad(), process.split_between_processes(batches) as mine:
        for batch in mine:
            logps = form(pair_sequences([pairs[i] for i in batch])).logps(model, model.device).view(-1, 2).tolist()
            found += [(i, chosen, rejected) for i, (chosen, rejected) in zip(batch, logps, strict=True)]
    model.train(was_training)
    rows = sorted(gather_object(found))
    return ReferenceLogps(fingerprint, [chosen for _, chosen, _ in rows], [rejected for _, _, rejected in rows])


def stored_reference(
    path: Path, model: Any, pairs: Sequence[TokenPair], *, batch_size: int, share: bool, fingerprint: str
) -> ReferenceLogps:
    """The reference log-probabilities at `path`, computed and written there first if need be."""
    process = this_process()
    reference = load_reference(path, fingerprint)
    if reference is None:
        reference = compute_reference(model, pairs, batch_size=batch_size, share=share, fingerprint=fingerprint)
        if process.is_main_process:
            write_sealed_json(path, asdict(reference))
    process.wait_for_everyone()
    return reference
