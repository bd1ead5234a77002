"""The Responses API, where a recipe asks for it: the same statuses, tokens and store keys as chat completions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from supercorrect.config import EndpointConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.store import RequestStore, StoredResponse


def response(text: str = "four", **changes: Any) -> dict[str, Any]:
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "two and two"}]}
    usage = {"input_tokens": 7, "output_tokens": 3}
    return {"model": "mock", "status": "completed", "output": [thought, message], "usage": usage} | changes


REFUSAL = [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]
CASES = {
    "an answer": (response(), "ok", "four"),
    "cut": (response("fo", status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "truncated", "fo"),
    "filtered": (response("", status="incomplete", incomplete_details={"reason": "content_filter"}), "refused", ""),
    "refused": (response(output=REFUSAL), "refused", ""),
    "failed": (response(status="failed"), "protocol_error", ""),
    "a chat completion": ({"choices": []}, "protocol_error", ""),
}


def ask(start: Callable[..., Any], store: RequestStore, answer: dict[str, Any]) -> tuple[StoredResponse, Any]:
    bodies: list[dict[str, Any]] = []

    async def respond(request: Request) -> JSONResponse:
        bodies.append(await request.json())
        return JSONResponse(answer)

    mock = start(app=Starlette(routes=[Route("/v1/responses", respond, methods=["POST"])]))
    limits = {"max_attempts": 2}
    endpoint = EndpointConfig(model="mock", base_url=mock.url, api_key_env=None, api="responses", limits=limits)  # type: ignore[arg-type]
    request = ChatRequest((("user", "2 + 2?"),), SamplingConfig(temperature=0.5, max_new_tokens=9))
    [stored] = OpenAICompatibleModel("teacher", endpoint, store).ask_all([request])
    return stored, bodies


@pytest.mark.parametrize("answer, status, text", CASES.values(), ids=CASES)
def test_each_response_has_its_status(
    start: Callable[..., Any], store: RequestStore, answer: dict[str, Any], status: str, text: str
) -> None:
    stored, _ = ask(start, store, answer)
    assert (stored.status, stored.text) == (status, text)


def test_the_request_says_what_a_chat_request_would(start: Callable[..., Any], store: RequestStore) -> None:
    stored, bodies = ask(start, store, response())
    assert bodies == [
        {
            "model": "mock",
            "input": [{"role": "user", "content": "2 + 2?"}],
            "temperature": 0.5,
            "top_p": 1.0,
            "max_output_tokens": 9,
            "store": False,
        }
    ]
    assert (stored.input_tokens, stored.output_tokens, stored.reasoning) == (7, 3, "two and two")


def test_batches_are_of_chat_completions() -> None:
    with pytest.raises(ValueError, match="chat completions"):
        EndpointConfig.model_validate({"model": "m", "batch": True, "api": "responses"})
