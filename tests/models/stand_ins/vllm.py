"""Stands in for vLLM in the worker's process: the same calls, answered by the student that transformers runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.transformers_student import TransformersStudent

__version__ = "0.0 (a stand-in)"
CRASHING_ID = 999_999


@dataclass
class SamplingParams:
    n: int
    seed: int
    temperature: float
    top_p: float
    max_tokens: int
    stop: list[str] | None
    include_stop_str_in_output: bool
    stop_token_ids: list[int]

    def __post_init__(self) -> None:
        assert self.n == 1 or self.temperature > 0, "n must be 1 when using greedy sampling"
        assert self.include_stop_str_in_output


class LLM:
    def __init__(self, *, model: str, dtype: str, generation_config: str, enable_prefix_caching: bool, **more: Any):
        assert generation_config == "vllm" and enable_prefix_caching
        assert more.pop("load_format") == "safetensors"
        assert set(more) <= {"revision", "tensor_parallel_size", "gpu_memory_utilization", "enforce_eager"}
        print("INFO: a line of vLLM's on stdout, which is no reply")
        self._student = TransformersStudent(model, StudentConfig(model=model, dtype=dtype))

    def generate(self, prompts: list[dict[str, list[int]]], params: list[SamplingParams], use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        return [self._generate(prompt["prompt_token_ids"], one) for prompt, one in zip(prompts, params, strict=True)]

    def _generate(self, ids: list[int], params: SamplingParams) -> Any:
        if CRASHING_ID in ids:
            os.write(2, b"torch.OutOfMemoryError: CUDA out of memory.\n")
            os._exit(3)
        sampling = SamplingConfig(temperature=params.temperature, top_p=params.top_p, max_new_tokens=params.max_tokens)
        stop = params.stop[0] if params.stop else None
        written = [
            self._student.sample([ids], sampling, seed=params.seed + index, stop=stop)[0] for index in range(params.n)
        ]
        outputs = [SimpleNamespace(token_ids=list(w.token_ids), finish_reason=w.finish_reason) for w in written]
        return SimpleNamespace(outputs=outputs)
