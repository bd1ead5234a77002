"""The student's section: which model, which engine runs it, and how."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from supercorrect.config.base import EndpointConfig, LimitsConfig, Section

EngineName = Literal["transformers", "vllm", "openai"]
ServerKind = Literal["vllm", "sglang", "llama.cpp", "ollama", "transformers", "other"]

_SHARED_SAMPLING = "--continuous-batching"
"""An option of `transformers serve`."""


class VllmConfig(Section):
    """What vLLM is started with; the names are its own.

    Attributes:
        max_model_len: The longest prompt and completion together. None: what the model allows.
    """

    tensor_parallel_size: int = Field(default=1, gt=0)
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    max_model_len: int | None = Field(default=None, gt=0)
    enforce_eager: bool = False


class StudentServerConfig(Section):
    """Where a student is served.

    Attributes:
        base_url: The URL up to and including `/v1`. None: that of what `serve` starts.
        api_key_env: The environment variable that holds the key. None: the server wants no key.
        serve: A command that serves a student for the length of a stage, e.g. `vllm serve {model} --port {port}`:
            `{model}` becomes the stage's student, trained ones included, and `{port}` a free port. None: the server is
            already there, and has the one student that it was started with.
        served_model: The name that the server has for the student. None: its folder or hub id.
        kind: Which server it is, where it does not say so itself. None: it is asked.
    """

    base_url: str | None = None
    api_key_env: str | None = None
    serve: tuple[str, ...] | None = None
    served_model: str | None = None
    kind: ServerKind | None = None
    limits: LimitsConfig = LimitsConfig(max_concurrency=64)

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if self.base_url is None and self.serve is None:
            raise ValueError("a student's server needs 'base_url', or 'serve' to start one")
        if _SHARED_SAMPLING in (self.serve or ()):
            raise ValueError(f"under {_SHARED_SAMPLING} the sampling of the first request holds for all; leave it out")
        return self

    def endpoint(self, model: str) -> EndpointConfig:
        """The server as an endpoint of one student.

        Args:
            model: Its folder, or its hub id.
        """
        serve = tuple(part.replace("{model}", model) for part in self.serve) if self.serve else None
        return EndpointConfig(
            model=self.served_model or model,
            base_url=self.base_url,
            api_key_env=self.api_key_env,
            serve=serve,
            limits=self.limits,
        )


class StudentConfig(Section):
    """The base student, and how it runs.

    Attributes:
        model: A folder, a hub id, or `package:folder` for one that stands inside an installed package.
        revision: The hub revision; without effect on a folder.
        engine: `transformers` in this process, `vllm` in a process of its own, or `openai`: a server, see `server`.
        batch_size: Prompts sampled together. vLLM and servers are best given several hundred.
        dtype: Of the weights when it is sampled, and beneath adapters; a server has its own. Weights that are trained
            are always float32.
        attention: Of its trainings. `auto`: FlashAttention where it is installed, there is a GPU and `bf16` is set;
            else what transformers takes.
    """

    model: str
    revision: str | None = None
    engine: EngineName = "transformers"
    batch_size: int = Field(default=64, gt=0)
    dtype: Literal["float32", "bfloat16"] = "float32"
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    vllm: VllmConfig = VllmConfig()
    server: StudentServerConfig | None = None

    @model_validator(mode="after")
    def _has_its_server(self) -> Self:
        if self.engine == "openai" and self.server is None:
            raise ValueError("engine 'openai' needs 'server', with a 'base_url' or a command in 'serve'")
        if self.engine != "openai" and self.server is not None:
            raise ValueError(f"'server' is only used by engine 'openai', and engine is {self.engine!r}")
        return self

    @property
    def drawn(self) -> dict[str, Any]:
        """What decides how a student's words are drawn, besides its weights and sampling."""
        engine = {} if self.engine == "transformers" else {"engine": self.engine}
        return {"batch_size": self.batch_size, **engine}
