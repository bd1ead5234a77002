"""What stages need of a student, whatever engine runs it: token ids in, token ids out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from supercorrect.config import SamplingConfig


@dataclass(frozen=True)
class TokenCompletion:
    """What a student wrote.

    Attributes:
        token_ids: The ids it sampled, end-of-turn token included where it wrote one.
        text: What they decode to, special tokens left out.
        finish_reason: `stop` at the end of the turn or at the stop string, `length` at the token limit.
        is_exact: Whether these are the very ids that were sampled. False: the engine gave the text alone, and they are
            what the tokenizer makes of it.
    """

    token_ids: tuple[int, ...]
    text: str
    finish_reason: Literal["stop", "length"]
    is_exact: bool = True


class Student(Protocol):
    """A causal language model and its tokenizer, under whatever engine; `open_student` makes one.

    Nothing is loaded or started before the first `sample` where the engine allows it, and `close` gives it all back.
    """

    @property
    def name(self) -> str:
        """The folder or hub id that it was opened by."""

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides what it writes, besides prompt, sampling and seed."""

    @property
    def batch_size(self) -> int:
        """Prompts sampled together."""

    @property
    def tokenizer(self) -> Any:
        """Its tokenizer, of transformers."""

    @property
    def engine(self) -> str:
        """The engine, and what of it bears on the numbers, in words."""

    @property
    def commit(self) -> str | None:
        """The hub's commit that the weights are from; None for a folder, and where the engine does not say."""

    def sample(
        self, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, seed: int, stop: str | None = None
    ) -> list[TokenCompletion]:
        """Complete one batch.

        Args:
            prompts: Token ids, of any lengths. Each is continued as it is: nothing is put around it.
            sampling: temperature 0 is greedy. Nothing but what stands here shapes the distribution, whatever the
                model's own generation config says.
            seed: Decides the draws, as far as the engine can repeat them.
            stop: A string at which a completion ends (it is kept).

        Raises:
            SuperCorrectError: The engine cannot go on, or would not continue these very prompts.
        """

    def close(self) -> None:
        """End what was started and free what was loaded. It may be called twice."""


def read_completion(
    tokenizer: Any, ids: Sequence[int], end_ids: Collection[int], stop: str | None, *, is_exact: bool = True
) -> TokenCompletion:
    """Cut ids at the token that ends the turn, or behind the stop string, whichever comes first."""
    length = next((i + 1 for i, token in enumerate(ids) if token in end_ids), len(ids))
    kept = list(ids[:length])
    finished = bool(kept) and kept[-1] in end_ids
    if stop is not None and stop in tokenizer.decode(kept, skip_special_tokens=True):
        finished = True
        while stop in tokenizer.decode(kept[:-1], skip_special_tokens=True):
            kept = kept[:-1]
    text = tokenizer.decode(kept, skip_special_tokens=True)
    return TokenCompletion(tuple(kept), text, "stop" if finished else "length", is_exact)
