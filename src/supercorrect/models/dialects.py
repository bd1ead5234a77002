"""What each kind of server has to be told, so that it draws as the recipe says; docs/engines.md has the traps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from supercorrect.config import SamplingConfig
from supercorrect.config.student import ServerKind

Extras = Callable[[SamplingConfig, Sequence[int]], dict[str, object]]


@dataclass(frozen=True)
class Dialect:
    """How one kind of server is asked.

    Attributes:
        extras: Its own fields, from sampling and the tokens that end a turn. A server fills what it is not told from
            the model's generation config, or from a taste of its own.
        takes_token_ids: Whether a prompt may be token ids.
        keeps_stop: Whether a stop string may be sent, and stays in the text. Where it is cut off, the end of the turn
            looks the same, and some servers fail at it; then none is sent, and the completion is cut here.
        loads_any_model: Whether it loads whatever model a request names.
        draws_as_told: Whether a request can keep it from shaping the distribution in its own way.
    """

    kind: ServerKind
    extras: Extras
    takes_token_ids: bool = False
    keeps_stop: bool = False
    loads_any_model: bool = False
    draws_as_told: bool = True


def _vllm(sampling: SamplingConfig, end_ids: Sequence[int]) -> dict[str, object]:
    return {
        "top_k": 0,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "stop_token_ids": list(end_ids),
        "include_stop_str_in_output": True,
        "return_token_ids": True,
    }


def _sglang(sampling: SamplingConfig, end_ids: Sequence[int]) -> dict[str, object]:
    return {
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "stop_token_ids": list(end_ids),
        "no_stop_trim": True,
    }


def _llama_cpp(sampling: SamplingConfig, end_ids: Sequence[int]) -> dict[str, object]:
    """It would draw from the 40 likeliest tokens, and cut by top_p before the temperature is applied."""
    return {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0, "samplers": ["temperature", "top_p"]}


def _transformers(sampling: SamplingConfig, end_ids: Sequence[int]) -> dict[str, object]:
    """A temperature alone does not make it draw: that is for the generation config to say."""
    drawn = {"do_sample": True, "top_k": 0} if sampling.temperature > 0 else {"do_sample": False}
    return {"generation_config": json.dumps({**drawn, "eos_token_id": list(end_ids), "pad_token_id": end_ids[0]})}


def _nothing(sampling: SamplingConfig, end_ids: Sequence[int]) -> dict[str, object]:
    return {}


DIALECTS: dict[ServerKind, Dialect] = {
    "vllm": Dialect("vllm", _vllm, takes_token_ids=True, keeps_stop=True),
    "sglang": Dialect("sglang", _sglang, takes_token_ids=True, keeps_stop=True),
    "llama.cpp": Dialect("llama.cpp", _llama_cpp, takes_token_ids=True),
    "ollama": Dialect("ollama", _nothing, draws_as_told=False),
    "transformers": Dialect("transformers", _transformers, loads_any_model=True),
    "other": Dialect("other", _nothing),
}
