"""What every section of a recipe is, and where models stand: sampling, limits, prices, endpoints."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Section(BaseModel):
    """A part of the recipe: frozen, and no key passes unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SamplingConfig(Section):
    """How completions are drawn; sent explicitly with every request. temperature 0 is greedy."""

    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_new_tokens: int = Field(default=1024, gt=0)


class LimitsConfig(Section):
    """What an endpoint allows. None: no limit is kept on our side.

    Attributes:
        max_attempts: Requests for one answer, without those that a rate limit turned away.
        max_wait_seconds: The longest time that a rate limit may hold up a stage; beyond it the stage stops.
    """

    max_concurrency: int = Field(default=16, gt=0)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    timeout_seconds: float = Field(default=600.0, gt=0)
    max_attempts: int = Field(default=6, gt=0)
    max_wait_seconds: float = Field(default=3600.0, gt=0)


class PriceConfig(Section):
    """US dollars for a million tokens."""

    input_usd_per_million_tokens: float = Field(ge=0)
    output_usd_per_million_tokens: float = Field(ge=0)


class BatchConfig(Section):
    """Asking in batches (`/v1/batches`): for less money, and answered within a day. `batch: true` takes the defaults.

    Attributes:
        poll_seconds: Time between two looks at what the server has done.
        max_requests: Most requests in one batch; OpenAI takes 50,000, and fewer from young accounts.
        price_factor: What a request costs in a batch, as a share of `price`.
    """

    poll_seconds: float = Field(default=60.0, gt=0)
    max_requests: int = Field(default=10_000, gt=0, le=50_000)
    price_factor: float = Field(default=0.5, ge=0, le=1)


class EndpointConfig(Section):
    """A model behind an OpenAI-compatible URL, in one role (teacher, inspector, judge).

    Attributes:
        base_url: The URL up to and including `/v1`. None: `OPENAI_BASE_URL`, or OpenAI itself.
        api_key_env: The environment variable that holds the key. None: the endpoint wants no key.
        serve: A command that serves this endpoint for the length of a stage, e.g. `vllm serve …`; `{port}` in it, and
            in `base_url`, becomes a free port. None: the endpoint is already there.
        api: `chat` completions, which every server speaks, or OpenAI's `responses`.
        served_model: The name that the endpoint answers under, where it is another than `model` (an alias).
        price: None: that of `genai-prices` for the model; if it knows none, the price is unknown, and so is every cost
            made with it (never 0).
        batch: None: requests go out one by one.
    """

    model: str
    base_url: str | None = None
    api_key_env: str | None = "OPENAI_API_KEY"
    serve: tuple[str, ...] | None = None
    api: Literal["chat", "responses"] = "chat"
    served_model: str | None = None
    sampling: SamplingConfig = SamplingConfig()
    limits: LimitsConfig = LimitsConfig()
    price: PriceConfig | None = None
    batch: BatchConfig | None = None

    @field_validator("batch", mode="before")
    @classmethod
    def _read_switch(cls, value: Any) -> Any:
        return {True: {}, False: None}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _no_batch_at_a_server_of_ours(self) -> Self:
        if self.batch is not None and self.api != "chat":
            raise ValueError("'batch' asks for chat completions; leave 'api' or 'batch' out")
        if self.batch is not None and self.serve is not None:
            raise ValueError("'batch' and 'serve' exclude each other: a batch outlives the stage, the server does not")
        return self
