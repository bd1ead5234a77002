"""From the body of a chat completion to a problem that is asked; what cannot be done is refused, never passed over.

Fields that change nothing of the answer (`user`, `metadata`, what Open WebUI adds) are let through.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from supercorrect.config import SamplingConfig
from supercorrect.serving.limits import Limits
from supercorrect.serving.modes import Mode, read_mode
from supercorrect.serving.refusals import RefusedError, bad_request
from supercorrect.serving.solving import Asked, can_solve
from supercorrect.student_profile import StudentProfile

UNSUPPORTED = (
    *("tools", "functions", "logit_bias", "logprobs", "top_logprobs", "frequency_penalty", "presence_penalty"),
    *("audio", "prediction", "web_search_options"),
)
"""Fields that would change the answer. Where they ask for nothing (null, 0, false, empty), they are let through."""
MOST_STOPS = 4


class TextPart(BaseModel):
    """A part of a message's content."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One turn."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """All that it says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream ends with."""

    include_usage: bool = False


Stops = (
    Annotated[str, Field(min_length=1)]
    | Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=MOST_STOPS)]
)


class ChatBody(BaseModel):
    """A chat completion as it is asked for, as far as we read it."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    n: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: Stops | None = None
    include_trace: bool | None = None


@dataclass(frozen=True)
class ChatRequest:
    """A request that can be worked on.

    Attributes:
        model: The name that it asked for.
        trace: Whether it wants the thought beside the answer.
        stream_usage: Whether a stream ends with what it took.
    """

    model: str
    asked: Asked
    stream: bool
    trace: bool
    stream_usage: bool


def read_chat_request(raw: bytes, base: str, profile: StudentProfile, limits: Limits) -> ChatRequest:
    """Read a request's body.

    Raises:
        RefusedError: It is none, or asks for what this server does not do.
    """
    body = _parse(raw)
    mode = read_mode(body.model, base)
    if mode is None or not can_solve(mode, profile):
        raise RefusedError(
            404, "model_not_found", f"There is no model {body.model!r} here; GET /v1/models lists them.", param="model"
        )
    _refuse_unsupported(body.model_extra or {})
    asked = Asked(
        problem=_read_problem(body.messages),
        mode=mode,
        sampling=_read_sampling(body, mode, profile, limits),
        seed=secrets.randbelow(2**32) if body.seed is None else body.seed,
        samples=_read_samples(body, mode, limits),
        stops=_read_stops(body, mode),
    )
    usage = body.stream_options is not None and body.stream_options.include_usage
    return ChatRequest(body.model, asked, bool(body.stream), bool(body.include_trace), usage)


def _parse(raw: bytes) -> ChatBody:
    try:
        return ChatBody.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or None
        raise bad_request(f"{where or 'body'}: {first['msg']}", param=where) from error
    except (ValueError, RecursionError) as error:
        raise bad_request(f"expected a JSON object: {error}", code="invalid_json") from error


def _refuse_unsupported(extra: dict[str, Any]) -> None:
    for name in UNSUPPORTED:
        if extra.get(name):
            raise bad_request(f"{name}: this student does not do that; leave it out", param=name, code="unsupported")
    kind = extra.get("response_format")
    if kind and (not isinstance(kind, dict) or kind.get("type") != "text"):
        raise bad_request("response_format: only text can be had", param="response_format", code="unsupported")


def _read_problem(messages: list[ChatMessage]) -> str:
    """The last message: a student knows how to solve a problem, and nothing of conversations."""
    last = messages[-1]
    if last.role != "user" or not last.text.strip():
        raise bad_request("messages: expected the problem in a last message of role user, with text", param="messages")
    try:
        last.text.encode()
    except UnicodeEncodeError as error:
        raise bad_request(f"messages: expected text that UTF-8 can hold: {error.reason}", param="messages") from error
    return last.text.strip()


def _read_sampling(body: ChatBody, mode: Mode, profile: StudentProfile, limits: Limits) -> SamplingConfig:
    wanted = body.max_completion_tokens or body.max_tokens
    most = limits.new_tokens or profile.max_new_tokens
    if wanted is not None and wanted > most:
        raise bad_request(f"max_tokens: at most {most} here, got {wanted}", param="max_tokens")
    temperature = body.temperature
    if temperature is None:
        temperature = profile.temperature if mode.votes > 1 else 0.0
    return SamplingConfig(temperature=temperature, top_p=body.top_p or 1.0, max_new_tokens=wanted or most)


def _read_samples(body: ChatBody, mode: Mode, limits: Limits) -> int:
    """How many solutions are written: those that vote, or as many as are asked for."""
    n = body.n or 1
    if mode.votes > 1 and n > 1:
        raise bad_request("n: solutions that vote have one answer; ask for the model without +vote", param="n")
    samples = max(n, mode.votes)
    if samples > limits.samples:
        raise bad_request(f"at most {limits.samples} solutions of a request here, got {samples}", param="n")
    if (samples > 1 and body.temperature == 0) or (n > 1 and body.temperature is None):
        raise bad_request(
            f"temperature: {samples} solutions need one above 0: greedy ones are all the same", param="temperature"
        )
    return samples


def _read_stops(body: ChatBody, mode: Mode) -> tuple[str, ...]:
    stops = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    if stops and mode != Mode():
        raise bad_request("stop: reviews and votes need whole solutions; ask for the plain model", param="stop")
    return stops
