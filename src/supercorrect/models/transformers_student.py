"""The student, run by transformers: token ids in, token ids out, in batches of a fixed make-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.student import TokenCompletion
from supercorrect.models.weights import load_model, load_tokenizer, model_fingerprint

LAST_TOKENS_LOOKED_AT = 12
"""How many of a row's newest tokens are decoded to see whether it has written its stop string."""
FIRST_LOOK_TOKENS = 4
"""After so many tokens, rows that have written their stop string leave the batch."""


class TransformersStudent:
    """A causal language model and its tokenizer, for sampling."""

    def __init__(self, model: str, config: StudentConfig) -> None:
        """Load a model.

        Args:
            model: A folder or hub id; not always `config.model`, which is the base student.
            config: How students run.
        """
        revision = config.revision if model == config.model else None
        self.name = model
        self.fingerprint = model_fingerprint(model, revision)
        self.batch_size = config.batch_size
        self.tokenizer = load_tokenizer(model, revision)
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.dtype = config.dtype
        self._model = load_model(model, revision, config.dtype)

    @property
    def commit(self) -> str | None:
        """The hub's commit that the weights are from; None for a folder."""
        return getattr(self._model.config, "_commit_hash", None)

    def sample(
        self, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, seed: int, stop: str | None = None
    ) -> list[TokenCompletion]:
        """Complete one batch.

        Args:
            prompts: Token ids, of any lengths.
            sampling: temperature 0 is greedy.
            seed: The same batch with the same seed gives the same completions on the same hardware.
            stop: A string at which a completion ends (it is kept). Rows that reach it within a few tokens leave the
                batch there, so that they do not wait for the others.
        """
        import torch

        torch.manual_seed(seed)
        first = min(FIRST_LOOK_TOKENS, sampling.max_new_tokens) if stop else sampling.max_new_tokens
        completions = [self._read_row(row, stop) for row in self._generate(prompts, first, sampling, stop)]
        unfinished = [i for i, c in enumerate(completions) if c.finish_reason == "length"]
        left = sampling.max_new_tokens - first
        if left and unfinished:
            begun = [[*prompts[i], *completions[i].token_ids] for i in unfinished]
            for i, row in zip(unfinished, self._generate(begun, left, sampling, stop), strict=True):
                completions[i] = self._read_row([*completions[i].token_ids, *row], stop)
        return completions

    def _generate(
        self, prompts: Sequence[Sequence[int]], max_new_tokens: int, sampling: SamplingConfig, stop: str | None
    ) -> list[list[int]]:
        """Up to `max_new_tokens` ids behind each prompt; rows that end earlier are padded."""
        import torch
        from transformers import StoppingCriteriaList

        batch = self.tokenizer.pad({"input_ids": [list(ids) for ids in prompts]}, return_tensors="pt")
        width = batch["input_ids"].shape[1]
        on_cpu = self._model.device.type == "cpu"  # where growing the cache at each token costs more than padding it
        cache = {"cache_implementation": "static", "disable_compile": True} if on_cpu else {}
        draw = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        with torch.inference_mode():
            rows = self._model.generate(
                **batch.to(self._model.device),
                max_new_tokens=max_new_tokens,
                pad_token_id=self.tokenizer.pad_token_id,
                stopping_criteria=StoppingCriteriaList([self._stop_at(stop, width)] if stop else []),
                **cache,
                **(draw if sampling.temperature > 0 else {"do_sample": False, "temperature": None, "top_p": None}),
            )
        return [list(row) for row in rows[:, width:].tolist()]

    def _stop_at(self, stop: str, width: int) -> Any:
        import torch

        def criterion(input_ids: Any, scores: Any, **kwargs: Any) -> Any:
            newest = input_ids[:, max(width, input_ids.shape[1] - LAST_TOKENS_LOOKED_AT) :]
            texts = self.tokenizer.batch_decode(newest, skip_special_tokens=True)
            return torch.tensor([stop in text for text in texts], device=input_ids.device)

        return criterion

    def _read_row(self, row: list[int], stop: str | None) -> TokenCompletion:
        """Cut a row at its end-of-turn token or stop string; what follows there is padding."""
        ends = self._model.generation_config.eos_token_id
        end_ids = set(ends if isinstance(ends, list) else [ends])
        length = next((i + 1 for i, token in enumerate(row) if token in end_ids), len(row))
        ids = row[:length]
        finished = bool(ids) and ids[-1] in end_ids
        if stop is not None and stop in self.tokenizer.decode(ids, skip_special_tokens=True):
            finished = True
            while stop in self.tokenizer.decode(ids[:-1], skip_special_tokens=True):
                ids = ids[:-1]
        text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return TokenCompletion(tuple(ids), text, "stop" if finished else "length")
