"""A prompt that a server continues as it is, through `/v1/completions`: nothing is put around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supercorrect.config import SamplingConfig
from supercorrect.models.reply import Reply


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One prompt of a student.

    Attributes:
        prompt: Its token ids, or the text that has these very tokens.
        prompt_tokens: How many tokens it has.
        seed: Of its draws.
        stop: Where the server may end it. None: at the end of the turn alone.
        extras: What else this kind of server is told.
    """

    prompt: tuple[int, ...] | str
    prompt_tokens: int
    sampling: SamplingConfig
    seed: int
    stop: str | None
    extras: Mapping[str, object]

    @property
    def path(self) -> str:
        """Text completions: chat completions would put a template around the prompt."""
        return "/completions"

    def input_bounds(self) -> tuple[int, int]:
        """It is in tokens already."""
        return self.prompt_tokens, self.prompt_tokens

    def body(self, model: str, max_tokens: int, limit_name: str) -> dict[str, Any]:
        """See `Question.body`; several samples are several requests, as some servers ignore `n`."""
        return {
            "model": model,
            "prompt": list(self.prompt) if isinstance(self.prompt, tuple) else self.prompt,
            limit_name: max_tokens,
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            "seed": self.seed,
            **({"stop": [self.stop]} if self.stop is not None else {}),
            **self.extras,
        }

    def read(self, content: bytes, model: str, *, is_response: bool = False) -> Reply:
        """See `Question.read`. A cut or an empty completion is one like any other: a student may write it."""
        try:
            completion = json.loads(content)
            [choice] = completion["choices"]
            usage = completion.get("usage") or {}
            token_ids = choice.get("token_ids")
            reply = Reply(
                "ok",
                str(choice["text"]),
                finish_reason=choice.get("finish_reason"),
                served_model=completion.get("model"),
                input_tokens=usage.get("prompt_tokens"),
                output_tokens=usage.get("completion_tokens"),
                token_ids=None if token_ids is None else tuple(int(token) for token in token_ids),
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            shown = content.decode("utf-8", errors="replace")
            return Reply("protocol_error", detail=f"expected one completion, got ({type(error).__name__}): {shown}")
        if reply.input_tokens is not None and reply.input_tokens != self.prompt_tokens:
            return Reply(
                "prompt_truncated",
                input_tokens=reply.input_tokens,
                output_tokens=reply.output_tokens,
                detail=f"the prompt has {self.prompt_tokens} tokens, the server read {reply.input_tokens}",
            )
        return reply
