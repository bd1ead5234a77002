"""Log-probabilities of a pair's tokens before and after its training, computed when somebody looks at them.

The models are loaded by a process of its own, so that the server stays small and torch is imported only there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any

from supercorrect.arms import comparison_arms, round_arms
from supercorrect.config import Recipe, load_recipe
from supercorrect.errors import SuperCorrectError
from supercorrect.models.weights import load_model, load_tokenizer
from supercorrect.records import Pair
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.index import RunIndex
from supercorrect.viewer.lineage import PairLine

MODELS_KEPT = 2


@dataclass(frozen=True)
class TokenLogps:
    """One side of a pair: its tokens, and their log-probabilities (nats) before and after the training."""

    tokens: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True)
class PairLogps:
    """Both sides of a pair, and which students were asked."""

    pair_id: str
    start: str
    arm: str
    chosen: TokenLogps
    rejected: TokenLogps


class TokenScorer:
    """Scores the pairs of one run with the checkpoints that stand in it, and keeps what it found in the index."""

    def __init__(self, index: RunIndex) -> None:
        self._index = index
        self._folder = RunFolder(index.root)
        self._one_at_a_time = Lock()

    def score(self, lines: Sequence[PairLine]) -> dict[str, PairLogps | str]:
        """The log-probabilities of pairs, by the line's key; a text says why there are none."""
        found: dict[str, PairLogps | str] = {}
        with self._one_at_a_time:
            for line in lines:
                found[line.key] = self._score(line)
        return found

    def _score(self, line: PairLine) -> PairLogps | str:
        try:
            recipe = load_recipe(self._folder.root / "recipe.yaml")
            start = start_of(recipe, line.arm)
            before, after = (_checkpoint(self._folder, arm) for arm in (start, line.arm))
            asked = [line.arm, line.pair.model_dump(mode="json"), _state(before), _state(after)]
            key = sha256(json.dumps(asked).encode()).hexdigest()
            kept = self._index.recall(key)
            if kept is None:
                sides = self._pool.submit(
                    score_sides, str(before), str(after), recipe.student.dtype, line.pair
                ).result()
                kept = json.dumps([asdict(side) for side in sides])
                self._index.remember(key, kept)
            chosen, rejected = (TokenLogps(**side) for side in json.loads(kept))
            return PairLogps(line.pair.pair_id, start, line.arm, chosen, rejected)
        except SuperCorrectError as error:
            return str(error)
        except BrokenProcessPool:
            del self._pool  # a cached property: the next look starts another process
            return "the process that holds the models has ended, most often for want of memory; look again to try again"

    @cached_property
    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))


def start_of(recipe: Recipe, arm: str) -> str:
    """The student that an arm's training began with, which is also its reference.

    Raises:
        SuperCorrectError: The recipe has no such arm.
    """
    known = {preference.name: preference.start for preference in round_arms(recipe) + comparison_arms(recipe)}
    if arm not in known:
        raise SuperCorrectError(f"the recipe has no arm {arm!r} any more")
    return known[arm]


def score_sides(before: str, after: str, dtype: str, pair: Pair) -> tuple[TokenLogps, TokenLogps]:
    """Both sides of a pair under two models; runs in the process that holds the models."""
    tokenizer = load_tokenizer(before)
    rows = [_token_logps(_load(model, dtype), pair) for model in (before, after)]
    sides = [
        TokenLogps(tuple(str(tokenizer.decode([token])) for token in ids), tuple(rows[0][i]), tuple(rows[1][i]))
        for i, ids in enumerate((pair.chosen_ids, pair.rejected_ids))
    ]
    return sides[0], sides[1]


def _token_logps(model: Any, pair: Pair) -> list[list[float]]:
    """[chosen, rejected], the log-probability of each of its tokens."""
    import torch

    from supercorrect.training.completion_logps import PaddedRows, TokenSequence

    sides = (pair.chosen_ids, pair.rejected_ids)
    with torch.inference_mode():
        table = PaddedRows([TokenSequence(pair.prompt_ids, ids) for ids in sides]).token_logps(model, model.device)
    return [row[: len(ids)] for row, ids in zip(table.tolist(), sides, strict=True)]


@lru_cache(maxsize=MODELS_KEPT)
def _load(model: str, dtype: str) -> Any:
    return load_model(model, dtype=dtype)


def _checkpoint(folder: RunFolder, arm: str) -> Path:
    path = folder.model(arm)
    if not (path / "config.json").is_file():
        raise SuperCorrectError(
            f"{arm}'s checkpoint is gone: expected a model in {path}; put it back, or train it again with "
            "`supercorrect run`"
        )
    return path


def _state(model: Path) -> list[tuple[str, int, int]]:
    """What tells a checkpoint from another one in the same place."""
    stats = [(file.name, file.stat()) for file in sorted(model.iterdir())]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
