"""The student, run by transformers: token ids in, token ids out, in batches of a fixed make-up."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.student import TokenCompletion, read_completion
from supercorrect.models.weights import load_model, load_tokenizer, model_fingerprint

LAST_TOKENS_LOOKED_AT = 12
"""How many of a row's newest tokens are decoded to see whether it has written its stop string."""


class TransformersStudent:
    """A causal language model and its tokenizer, for sampling."""

    def __init__(self, model: str, config: StudentConfig) -> None:
        """Open a model.

        Args:
            model: A folder or hub id; not always `config.model`, which is the base student.
            config: How students run.
        """
        revision = config.revision if model == config.model else None
        self.name = model
        self.fingerprint = model_fingerprint(model, revision)
        self.batch_size = config.batch_size
        self.tokenizer = load_tokenizer(model, revision)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self._revision, self._dtype = revision, config.dtype

    @cached_property
    def _model(self) -> Any:
        """The weights, loaded when the first batch comes."""
        return load_model(self.name, self._revision, self._dtype)

    @property
    def engine(self) -> str:
        """Transformers, and the numbers that it runs in."""
        return f"transformers, {self._dtype}"

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
            stop: A string at which a completion ends (it is kept).
        """
        import torch

        from supercorrect.models.generation import generate_rows

        torch.manual_seed(seed)
        draw = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        with torch.inference_mode():
            rows = generate_rows(
                self._model,
                prompts,
                partial(self._have_ended, stop=stop),
                pad_id=self.tokenizer.pad_token_id,
                max_new_tokens=sampling.max_new_tokens,
                draw=draw if sampling.temperature > 0 else {"do_sample": False, "temperature": None, "top_p": None},
            )
        return [read_completion(self.tokenizer, row, self._end_ids, stop) for row in rows]

    @cached_property
    def _end_ids(self) -> frozenset[int]:
        """The tokens that end a turn."""
        ends = self._model.generation_config.eos_token_id
        return frozenset(ends if isinstance(ends, list) else [ends])

    def _have_ended(self, written: Any, stop: str | None) -> Any:
        """Which rows, of shape (rows, tokens), have just ended their turn or written the stop string."""
        import torch

        ended = torch.isin(written[:, -1], torch.tensor(sorted(self._end_ids), device=written.device))
        if stop is None:
            return ended
        newest = self.tokenizer.batch_decode(written[:, -LAST_TOKENS_LOOKED_AT:], skip_special_tokens=True)
        return ended | torch.tensor([stop in text for text in newest], device=written.device)

    def close(self) -> None:
        """Let go of the weights, and give their memory on the GPU back."""
        import torch

        self.__dict__.pop("_model", None)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
