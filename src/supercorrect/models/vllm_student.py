"""The student, run by vLLM in a process of its own, which gives the GPU back when it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from typing import Any

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.errors import ConfigError, StudentEngineError
from supercorrect.models.student import TokenCompletion, read_completion
from supercorrect.models.watched import last_lines, start_watched
from supercorrect.models.weights import end_token_ids, load_tokenizer, model_fingerprint, resolve_model_path
from supercorrect.run_folder import fingerprint_of, seed_of

INSTALL = 'pip install "supercorrect[train,vllm]"'


class VllmStudent:
    """A student under `vllm.LLM`. The process is started by the first `sample`.

    Equal prompts of a batch are one request with so many samples, and prefix caching lets different ones share what
    they begin with.

    Raises:
        ConfigError: vLLM is not installed.
        InputError: The folder is no model.
    """

    def __init__(self, model: str, config: StudentConfig) -> None:
        if find_spec("vllm") is None:
            raise ConfigError(
                f"student.engine is 'vllm', and vLLM is not installed here. Install it with `{INSTALL}` (it wants "
                "Linux and a GPU), or write `engine: transformers`."
            )
        revision = config.revision if model == config.model else None
        self.name = model
        self.fingerprint = fingerprint_of([model_fingerprint(model, revision), "vllm", config.dtype])
        self.batch_size = config.batch_size
        self.tokenizer = load_tokenizer(model, revision)
        self.engine = f"vllm, {config.dtype}"
        self.commit = None
        self._end_ids = end_token_ids(model, revision, self.tokenizer)
        self._arguments = {
            "model": resolve_model_path(model),
            "revision": revision,
            "dtype": config.dtype,
            "load_format": "safetensors",  # a pickle would run code of its own
            "generation_config": "vllm",  # nothing shapes the draws that the recipe does not say
            "enable_prefix_caching": True,
            **config.vllm.model_dump(exclude_none=True),
        }
        self._opened = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def sample(
        self, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, seed: int, stop: str | None = None
    ) -> list[TokenCompletion]:
        """See `Student.sample`.

        Raises:
            StudentEngineError: vLLM has ended; the message shows its last lines.
        """
        places: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for i, prompt in enumerate(prompts):
            places[tuple(prompt)].append(i)
        is_greedy = sampling.temperature == 0  # all samples of a prompt are the same, and vLLM refuses to draw several
        request = {
            "sampling": {
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "max_tokens": sampling.max_new_tokens,
                "stop": [stop] if stop else None,
                "include_stop_str_in_output": True,
                "stop_token_ids": list(self._end_ids),
            },
            "prompts": [
                {"token_ids": list(ids), "n": 1 if is_greedy else len(asked), "seed": seed_of([seed, asked[0]])}
                for ids, asked in places.items()
            ],
        }
        completions: dict[int, TokenCompletion] = {}
        for asked, written in zip(places.values(), self._ask(request)["completions"], strict=True):
            read = [read_completion(self.tokenizer, one["token_ids"], self._end_ids, stop) for one in written]
            completions.update(zip(asked, read * len(asked) if is_greedy else read, strict=False))
        return [completions[i] for i in range(len(prompts))]

    def close(self) -> None:
        """End the process, and wait until it has ended: its GPU is free then."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            with suppress(BrokenPipeError):  # of a request that it did not live to read
                self._process.communicate()
            self._process = None
        self._opened.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._process is None:
            self._log = self._opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # ended by `close`
            self._process = start_watched(
                [sys.executable, "-m", "supercorrect.models.vllm_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
            )
            self._exchange(self._arguments)
        return self._exchange(request)

    def _exchange(self, value: dict[str, Any]) -> dict[str, Any]:
        """Write one line and read the reply."""
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(value).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            raise self._ended()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _ended(self) -> StudentEngineError:
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait()
        message = (
            f"student: vLLM ended with code {code} while it ran {self.name}. What has been sampled is kept; see to "
            "what its last lines say (too little GPU memory: lower student.vllm.gpu_memory_utilization or "
            f"max_model_len), then start the same command again. Its last lines:\n{last_lines(self._log)}"
        )
        self.close()
        return StudentEngineError(message)
