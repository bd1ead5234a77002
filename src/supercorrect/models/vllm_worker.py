"""Runs vLLM in a process of its own, started by `VllmStudent` as `python -m supercorrect.models.vllm_worker`.

It reads a line of JSON and writes one: first the arguments of `vllm.LLM`, then batches. The GPU is free again when the
process has ended. Whatever vLLM prints goes to stderr, so that stdout has nothing but replies.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def complete(llm: Any, sampling_params: Any, request: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Answer one batch.

    Args:
        llm: A `vllm.LLM`.
        sampling_params: `vllm.SamplingParams`.
        request: `sampling`, which holds for all, and `prompts`, each `{token_ids, n, seed}`.

    Returns:
        For each prompt its `n` completions, as `{token_ids, finish_reason}`.
    """
    prompts = [{"prompt_token_ids": prompt["token_ids"]} for prompt in request["prompts"]]
    params = [
        sampling_params(n=prompt["n"], seed=prompt["seed"], **request["sampling"]) for prompt in request["prompts"]
    ]
    outputs = llm.generate(prompts, params, use_tqdm=False)
    return [
        [{"token_ids": list(one.token_ids), "finish_reason": one.finish_reason} for one in output.outputs]
        for output in outputs
    ]


def main() -> None:
    """Serve batches until stdin ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def reply(value: dict[str, Any]) -> None:
        replies.write(json.dumps(value) + "\n")
        replies.flush()

    from vllm import LLM, SamplingParams, __version__

    llm = LLM(**json.loads(sys.stdin.readline()))
    reply({"version": __version__})
    for line in sys.stdin:
        reply({"completions": complete(llm, SamplingParams, json.loads(line))})


if __name__ == "__main__":
    main()
