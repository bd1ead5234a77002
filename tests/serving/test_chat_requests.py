"""Bodies of chat completions: what becomes of each field, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from supercorrect.serving.chat_requests import ChatRequest, read_chat_request
from supercorrect.serving.limits import Limits
from supercorrect.serving.modes import Mode, listed_modes, read_mode
from supercorrect.serving.refusals import RefusedError
from supercorrect.student_profile import StudentProfile

PROFILE = StudentProfile(max_new_tokens=200, temperature=0.6)
USER = [{"role": "user", "content": "What is 2 + 2?"}]


def read(**fields: Any) -> ChatRequest:
    body = {"model": "student", "messages": USER, **fields}
    return read_chat_request(json.dumps(body).encode(), "student", PROFILE, Limits(samples=16))


def test_a_bare_request_is_greedy_and_as_long_as_the_student_writes() -> None:
    chat = read()
    assert chat.asked.problem == "What is 2 + 2?"
    assert (chat.asked.sampling.temperature, chat.asked.sampling.max_new_tokens) == (0.0, 200)
    assert (chat.stream, chat.trace, chat.asked.samples, chat.asked.stops) == (False, False, 1, ())


def test_what_is_asked_for_is_what_is_done() -> None:
    chat = read(temperature=0.5, top_p=0.9, max_completion_tokens=20, max_tokens=30, seed=3, n=4, stop=["a", "b"])
    asked = chat.asked
    assert asked.sampling.model_dump() == {"temperature": 0.5, "top_p": 0.9, "max_new_tokens": 20}
    assert (asked.seed, asked.samples, asked.stops) == (3, 4, ("a", "b"))


def test_votes_are_drawn_at_the_students_own_temperature() -> None:
    asked = read(model="student+correct+vote8").asked
    assert (asked.mode, asked.samples, asked.sampling.temperature) == (Mode(True, 8), 8, 0.6)


def test_what_open_webui_sends_is_taken() -> None:
    """Its fields of 0.6: parameters of the chat that are unset, and words to its own server."""
    parts = [{"type": "text", "text": "What is"}, {"type": "text", "text": "2 + 2?"}]
    history = [{"role": "system", "content": "Be brief."}, *USER, {"role": "assistant", "content": "4"}]
    chat = read(
        messages=[*history, {"role": "user", "content": parts}],
        stream=True,
        stream_options={"include_usage": True},
        params={},
        tool_servers=[],
        tools=[],
        features={"image_generation": False, "web_search": False},
        variables={"{{USER_NAME}}": "Ada"},
        session_id="s",
        chat_id="c",
        id="i",
        background_tasks={"title_generation": True},
        metadata={"user": "Ada"},
        frequency_penalty=0,
        logit_bias=None,
        response_format={"type": "text"},
    )
    assert chat.asked.problem == "What is\n2 + 2?"
    assert chat.stream and chat.stream_usage


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "gpt-4o"}, 404, "model"),
        ({"model": "student+vote0"}, 404, "model"),
        ({"model": "student+vote64"}, 400, "n"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "assistant", "content": "4"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, 400, None),
        ({"temperature": -1}, 400, "temperature"),
        ({"temperature": 9}, 400, "temperature"),
        ({"top_p": 0}, 400, "top_p"),
        ({"max_tokens": 201}, 400, "max_tokens"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"seed": 2**64}, 400, "seed"),
        ({"n": 2}, 400, "temperature"),
        ({"n": 17, "temperature": 1}, 400, "n"),
        ({"model": "student+vote8", "n": 2}, 400, "n"),
        ({"model": "student+vote8", "temperature": 0}, 400, "temperature"),
        ({"model": "student+correct", "stop": "x"}, 400, "stop"),
        ({"stop": ["a"] * 5}, 400, None),
        ({"stop": ""}, 400, None),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"logprobs": True}, 400, "logprobs"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields: dict[str, Any], status: int, param: str | None) -> None:
    with pytest.raises(RefusedError) as refused:
        read(**fields)
    assert refused.value.status_code == status
    assert param is None or refused.value.param == param
    assert set(refused.value.body["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"model": "student"}'])
def test_what_is_no_request_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read_chat_request(raw, "student", PROFILE, Limits())
    assert refused.value.status_code == 400


def test_a_student_that_cannot_review_has_no_such_model() -> None:
    plain = PROFILE.model_copy(update={"correction": None})
    raw = json.dumps({"model": "student+correct", "messages": USER}).encode()
    with pytest.raises(RefusedError) as refused:
        read_chat_request(raw, "student", plain, Limits())
    assert refused.value.status_code == 404
    assert all(not mode.self_correct for mode in listed_modes(can_correct=False))


def test_a_modes_name_leads_back_to_it() -> None:
    for mode in listed_modes(can_correct=True):
        assert read_mode("me" + mode.suffix, "me") == mode
    for name in ("me+", "me+vote", "me+vote08", "me+vote8+correct", "you", "me+correct+correct"):
        assert read_mode(name, "me") is None
