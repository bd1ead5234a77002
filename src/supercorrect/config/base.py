"""What every section of a recipe is, and where models stand: sampling, limits, prices, endpoints."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


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


class EndpointConfig(Section):
    """A model behind an OpenAI-compatible URL, in one role (teacher, inspector, judge).

    Attributes:
        base_url: The URL up to and including `/v1`. None: `OPENAI_BASE_URL`, or OpenAI itself.
        api_key_env: The environment variable that holds the key. None: the endpoint wants no key.
        serve: A command that serves this endpoint for the length of a stage, e.g. `vllm serve …`; `{port}` in it, and
            in `base_url`, becomes a free port. None: the endpoint is already there.
        served_model: The name that the endpoint answers under, where it is another than `model` (an alias).
        price: None: the price is unknown, and so is every cost made with it (never 0).
    """

    model: str
    base_url: str | None = None
    api_key_env: str | None = "OPENAI_API_KEY"
    serve: tuple[str, ...] | None = None
    served_model: str | None = None
    sampling: SamplingConfig = SamplingConfig()
    limits: LimitsConfig = LimitsConfig()
    price: PriceConfig | None = None
