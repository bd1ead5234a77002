"""The server over a real socket, asked by the openai client and by hand; its student is a script."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import openai
import pytest
from starlette.applications import Starlette

from scripted_students import RIGHT, WRONG, ScriptedStudent
from supercorrect.grading import Grader
from supercorrect.reviewing import Finding
from supercorrect.sandbox.server import running_app
from supercorrect.serving.app import Served, create_app
from supercorrect.serving.guards import Guards
from supercorrect.serving.limits import Limits

USER = [{"role": "user", "content": "What is 2 + 2?"}]
FOUND = Finding(1, "2 + 2 is 4", "2 + 2 = 4")


class Running:
    """A running server, its student and its app."""

    def __init__(self, stack: ExitStack, student: ScriptedStudent, limits: Limits, guards: Guards) -> None:
        self.student = student
        grader = stack.enter_context(Grader())
        self.app: Starlette = create_app(Served("student", student, grader, limits), guards)
        self.url = stack.enter_context(running_app(self.app))
        self.client = openai.OpenAI(base_url=self.url, api_key=guards.api_key or "none", max_retries=0)

    def post(self, body: Any, **headers: str) -> tuple[int, dict[str, str], Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.url}/chat/completions"
        request = Request(url, data, {"content-type": "application/json", **headers})
        try:
            with urlopen(request, timeout=30) as response:
                return response.status, dict(response.headers), json.loads(response.read())
        except HTTPError as error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, json.loads(error.read())

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        try:
            with urlopen(Request(self.url.removesuffix("/v1") + path, headers=headers), timeout=30) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    with ExitStack() as stack:

        def start_one(
            student: ScriptedStudent | None = None, limits: Limits | None = None, guards: Guards | None = None
        ) -> Running:
            return Running(stack, student or ScriptedStudent(), limits or Limits(), guards or Guards())

        yield start_one


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_openai_client_gets_the_answer_and_on_request_the_trace(start: Callable[..., Running]) -> None:
    running = start()
    assert [model.id for model in running.client.models.list()] == [
        *("student", "student+correct", "student+vote8", "student+correct+vote8")
    ]
    assert running.client.models.retrieve("student+vote3").id == "student+vote3"
    plain = running.client.chat.completions.create(model="student", messages=USER)
    assert plain.choices[0].message.content == "4"
    assert plain.choices[0].message.model_extra == {}
    assert plain.usage and plain.usage.total_tokens == 12
    traced = running.client.chat.completions.create(
        model="student", messages=USER, extra_body={"include_trace": True}
    ).choices[0]
    assert traced.finish_reason == "stop"
    assert traced.message.model_extra["reasoning_content"] == RIGHT
    assert traced.message.model_extra["trace"]["steps"] == [{"text": "2 + 2 = 4", "keys": []}]


def test_n_answers_are_n_choices_and_a_vote_is_one(start: Callable[..., Running]) -> None:
    running = start(ScriptedStudent([WRONG, RIGHT, RIGHT]))
    drawn = running.client.chat.completions.create(model="student", messages=USER, n=3, temperature=1)
    assert [choice.message.content for choice in drawn.choices] == ["5", "4", "4"]
    voted = running.client.chat.completions.create(
        model="student+vote3", messages=USER, extra_body={"include_trace": True}
    )
    assert [choice.message.content for choice in voted.choices] == ["4"]
    trace = voted.choices[0].message.model_extra["trace"]
    assert trace["votes"] == [{"answer": "4", "votes": 2}, {"answer": "5", "votes": 1}]


def test_a_stream_tells_the_thought_as_it_comes_and_ends_with_the_answer(start: Callable[..., Running]) -> None:
    running = start(ScriptedStudent([WRONG], finding=FOUND))
    pieces = list(
        running.client.chat.completions.create(
            model="student+correct",
            messages=USER,
            stream=True,
            stream_options={"include_usage": True},
            extra_body={"include_trace": True},
        )
    )
    deltas = [choice.delta for piece in pieces for choice in piece.choices]
    thought = "".join((delta.model_extra or {}).get("reasoning_content", "") for delta in deltas)
    assert thought == f"{WRONG}\n\nStep 1 is wrong. 2 + 2 is 4\n\n{RIGHT}"
    assert "".join(delta.content or "" for delta in deltas) == "4"
    assert pieces[-2].choices[0].finish_reason == "stop"
    assert pieces[-1].usage and pieces[-1].usage.completion_tokens == 7
    quiet = list(running.client.chat.completions.create(model="student", messages=USER, stream=True))
    assert "".join(piece.choices[0].delta.content or "" for piece in quiet) == "5"
    assert not any((piece.choices[0].delta.model_extra or {}).get("reasoning_content") for piece in quiet)


def test_what_is_too_much_is_told_to_come_again(start: Callable[..., Running]) -> None:
    running = start(limits=Limits(concurrency=1, waiting=1))
    running.student.gate.clear()
    with ThreadPoolExecutor(2) as executor:
        taken = [executor.submit(running.post, {"model": "student", "messages": USER}) for _ in range(2)]
        wait_for(lambda: running.app.state.admission.in_flight == 2)
        status, headers, body = running.post({"model": "student", "messages": USER})
        assert (status, body["error"]["code"]) == (429, "server_busy")
        assert int(headers["retry-after"]) >= 1
        with pytest.raises(openai.RateLimitError):
            running.client.chat.completions.create(model="student", messages=USER)
        running.student.gate.set()
        assert [one.result()[0] for one in taken] == [200, 200]
    assert running.post({"model": "student", "messages": USER})[0] == 200


def test_a_draining_server_finishes_what_has_begun_and_takes_on_nothing(start: Callable[..., Running]) -> None:
    running = start()
    running.student.gate.clear()
    emptied = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        begun = executor.submit(running.post, {"model": "student", "messages": USER})
        wait_for(lambda: running.student.begun == 1)
        running.app.state.admission.drain(emptied.set)
        status, headers, body = running.post({"model": "student", "messages": USER})
        assert (status, body["error"]["code"], headers["connection"]) == (503, "shutting_down", "close")
        assert running.get("/health")[0] == 503
        assert not emptied.is_set()
        running.student.gate.set()
        assert begun.result()[0] == 200
    assert emptied.wait(20)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_takes_its_work_along(start: Callable[..., Running], stream: bool) -> None:
    running = start()
    running.student.gate.clear()
    client = openai.OpenAI(base_url=running.url, api_key="none", max_retries=0, timeout=0.3)
    with pytest.raises(openai.APITimeoutError):
        list(client.chat.completions.create(model="student", messages=USER, stream=stream))
    wait_for(lambda: running.student.cancelled == 1)
    wait_for(lambda: running.app.state.admission.in_flight == 0)


def test_a_student_that_fails_is_an_error_that_says_nothing_of_its_inside(start: Callable[..., Running]) -> None:
    running = start(ScriptedStudent(failure=RuntimeError("secret path")))
    status, _, body = running.post({"model": "student", "messages": USER})
    assert (status, body["error"]["type"]) == (500, "server_error")
    assert "secret" not in json.dumps(body)
    pieces = running.client.chat.completions.create(model="student", messages=USER, stream=True)
    with pytest.raises(openai.APIError, match="student failed"):
        list(pieces)
    assert running.app.state.admission.in_flight == 0


def test_requests_that_no_client_sends(start: Callable[..., Running]) -> None:
    running = start(limits=Limits(body_bytes=1000))
    assert running.post(b"x" * 1001)[0] == 413
    assert running.post(b"{}", **{"content-type": "text/plain"})[0] == 415
    assert running.post(b"[1")[0] == 400
    assert running.get("/v1/nothing")[0] == 404
    assert json.loads(running.get("/v1/nothing")[1])["error"]["code"] == "not_found"
    assert running.get("/v1/chat/completions")[0] == 405
    assert running.student.begun == 0


def test_a_key_is_asked_for_everywhere_but_for_health(start: Callable[..., Running]) -> None:
    running = start(guards=Guards(api_key="sésame"))
    assert running.get("/health")[0] == 200
    for path in ("/v1/models", "/metrics"):
        assert running.get(path)[0] == 401
    assert running.get("/metrics", authorization="Bearer wrong")[0] == 401
    body = {"model": "student", "messages": USER}
    assert running.post(body, authorization="Bearer x")[2]["error"]["code"] == "invalid_api_key"


def test_other_names_and_other_pages_are_kept_out_unless_they_are_let_in(start: Callable[..., Running]) -> None:
    running = start(guards=Guards(hosts=("127.0.0.1",), origins=("http://webui.local",)))
    assert running.get("/health")[0] == 200
    assert running.get("/health", host="evil.example")[0] == 400
    asking = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
    for origin, allowed in (("http://webui.local", True), ("http://evil.example", False)):
        request = Request(f"{running.url}/chat/completions", headers={"origin": origin, **asking}, method="OPTIONS")
        try:
            with urlopen(request) as response:
                assert allowed and response.headers["access-control-allow-origin"] == origin
        except HTTPError as error:
            assert not allowed and error.code == 400


def test_prometheus_reads_what_is_counted(start: Callable[..., Running]) -> None:
    running = start(ScriptedStudent([WRONG], finding=FOUND))
    running.post({"model": "student+correct", "messages": USER})
    running.post({"model": "nobody", "messages": USER})
    text = running.get("/metrics")[1]
    for line in (
        'supercorrect_requests_total{status="200"} 1.0',
        'supercorrect_requests_total{status="404"} 1.0',
        'supercorrect_tokens_total{kind="completion"} 7.0',
        "supercorrect_faults_found_total 1.0",
        "supercorrect_requests_in_flight 0.0",
        'supercorrect_request_seconds_count{self_correct="true",votes="1"} 1.0',
    ):
        assert line in text
