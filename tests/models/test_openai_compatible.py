"""The client against a real socket, judged by the server's ledger."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from supercorrect.errors import (
    BudgetReachedError,
    ConfigError,
    StorageError,
    SuperCorrectError,
    TeacherAccessError,
    TeacherUnreachableError,
)
from supercorrect.models import Budget, Progress
from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.server import MockOptions
from supercorrect.store import RequestStore

STORM = FaultScript(
    rate_limited=0.2,
    server_error=0.05,
    reset=0.02,
    slow=0.02,
    broken_json=0.02,
    empty=0.02,
    length=0.02,
    retry_after_seconds=0.01,
    slow_seconds=2.5,
)


def scripted(*answers: Response) -> tuple[Starlette, list[float]]:
    """A server that gives these answers in turn, the last one for ever, and the times at which it was asked."""
    asked: list[float] = []

    async def complete(request: Request) -> Response:
        asked.append(time.monotonic())
        return answers[min(len(asked), len(answers)) - 1]

    return Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])]), asked


def completion(content: object = "four", **changes: object) -> JSONResponse:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    body = {"model": "mock", "choices": [choice], "usage": {"prompt_tokens": 12, "completion_tokens": 1}}
    return JSONResponse(body | changes)


def error(status_code: int, message: str = "no", **headers: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status_code, headers)


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supercorrect.models.retry._FIRST_BACKOFF_SECONDS", 0.01)


def test_answers_come_in_the_order_of_the_requests_and_are_paid_once(start, connect, ask, store) -> None:
    mock = start()
    model = connect(mock.url)
    requests = ask(30)
    twice = requests + requests[::-1]
    responses = model.ask_all(twice)
    assert [response.text for response in responses] == [request.messages[-1][1] for request in twice]
    assert [response.key for response in responses] == [model.key(request) for request in twice]
    assert len(mock.ledger) == len(store) == 30
    assert model.ask_all(twice) == responses
    assert len(mock.ledger) == 30


def test_progress_tells_what_was_reused_and_what_was_paid(start, connect, ask) -> None:
    mock = start()
    model = connect(mock.url)
    model.ask_all(ask(10))
    seen: list[tuple[int, int]] = []
    last: list[Progress] = []

    def on_done(progress: Progress) -> None:
        seen.append((progress.done, progress.reused))
        last[:] = [progress]

    model.ask_all(ask(15), on_done=on_done)
    assert seen == [(done, 10) for done in range(10, 16)]
    assert last[0].statuses == Counter(ok=15)
    assert last[0].input_tokens == sum(row.input_tokens for row in list(mock.ledger)[10:])
    assert last[0].usd == pytest.approx(5 * (12 * 0.001 + 8 * 0.01))


def test_a_response_is_used_only_when_it_is_on_disk(start, connect, ask, store, monkeypatch) -> None:
    mock = start()
    used: list[int] = []

    def failing() -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(store, "sync", failing)
    with pytest.raises(StorageError, match="the disk is full"):
        connect(mock.url, max_concurrency=4).ask_all(ask(50), on_done=lambda progress: used.append(progress.done))
    assert used == [0]
    assert len(mock.ledger) == len(store) <= 12


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_storm_of_faults_ends_each_item_in_one_status_with_every_token_counted(start, connect, ask, count) -> None:
    """R8, and the server is the judge."""
    mock = start(MockOptions(faults=STORM))
    model = connect(mock.url, timeout_seconds=2)
    responses = model.ask_all(ask(count))
    assert len(responses) == count
    assert {response.status for response in responses} <= {"ok", "truncated", "empty", "failed", "protocol_error"}
    assert sum(response.status == "ok" for response in responses) > 0.99 * count
    assert max(response.attempts for response in responses) <= 6
    for kind in ("input_tokens", "output_tokens"):
        assert sum(getattr(response, kind) for response in responses) == sum(getattr(row, kind) for row in mock.ledger)
    sent = sum(row.outcome != "rate_limited" for row in mock.ledger)
    assert sum(response.attempts for response in responses) == sent
    assert {"rate_limited", "server_error", "reset", "slow", "broken_json", "empty", "length"} <= set(mock.outcomes())


@pytest.mark.parametrize(
    ("answers", "status", "attempts"),
    [
        pytest.param([completion(None), completion("four")], "ok", 2, id="null, then an answer"),
        pytest.param([completion("  \n")], "empty", 2, id="whitespace for ever"),
        pytest.param([completion([{"type": "text", "text": "four"}])], "ok", 1, id="a list of parts"),
        pytest.param([Response("<html>bad gateway</html>"), completion()], "ok", 2, id="a gateway's page"),
        pytest.param([Response(b'{"choices": [')], "protocol_error", 6, id="broken JSON for ever"),
        pytest.param([JSONResponse({"choices": []})], "protocol_error", 6, id="no choice"),
        pytest.param([completion(model="gpt-other")], "protocol_error", 6, id="another model"),
        pytest.param([completion(model="org/mock-2025-01-01")], "ok", 1, id="a dated name"),
        pytest.param([completion(choices=[{"message": {"content": "a"}}] * 2)], "protocol_error", 6, id="two choices"),
        pytest.param(
            [completion(choices=[{"message": {"content": None, "refusal": "no"}, "finish_reason": "stop"}])],
            "refused",
            1,
            id="a refusal",
        ),
        pytest.param(
            [completion(choices=[{"message": {"content": ""}, "finish_reason": "content_filter"}])],
            "refused",
            1,
            id="the content filter",
        ),
        pytest.param(
            [completion(choices=[{"message": {"content": None, "reasoning": "hm"}, "finish_reason": "length"}])],
            "truncated",
            2,
            id="cut while reasoning",
        ),
        pytest.param(
            [completion(choices=[{"message": {"content": "fo"}, "finish_reason": "length"}]), error(500)],
            "truncated",
            6,
            id="cut, then errors: the cut answer is kept",
        ),
        pytest.param(
            [completion(usage={"prompt_tokens": 5, "completion_tokens": 1})], "prompt_truncated", 1, id="cut prompt"
        ),
        pytest.param([error(400, "context length exceeded")], "bad_request", 1, id="400"),
        pytest.param([error(503)], "failed", 6, id="503 for ever"),
        pytest.param([error(409), error(408), completion()], "ok", 3, id="409 and 408"),
        pytest.param([RedirectResponse("http://127.0.0.1:9/v1")], "failed", 6, id="a redirect is not followed"),
    ],
)
def test_each_failure_has_its_own_status(start, connect, ask, store, answers, status, attempts) -> None:
    app, asked = scripted(*answers)
    (response,) = connect(start(app=app).url).ask_all(ask(1))
    assert (response.status, response.attempts, len(asked)) == (status, attempts, attempts)
    assert len(store) == (status in ("ok", "truncated", "refused", "empty"))
    assert bool(response.detail) == (status != "ok")


def test_errors_are_asked_again_by_the_next_run(start, connect, ask, store) -> None:
    app, _ = scripted(*[error(500)] * 6, completion())
    model = connect(start(app=app).url)
    assert model.ask_all(ask(1))[0].status == "failed"
    assert len(store) == 0
    assert model.ask_all(ask(1))[0].text == "four"


def test_a_cut_answer_is_asked_again_with_twice_the_tokens(start, connect, ask) -> None:
    mock = start()
    (response,) = connect(mock.url).ask_all(ask(1, max_new_tokens=5))
    assert (response.status, response.attempts) == ("ok", 2)
    assert [row.output_tokens for row in mock.ledger] == [5, 8]
    assert response.output_tokens == 13
    (response,) = connect(mock.url).ask_all(ask(1, max_new_tokens=3))
    assert (response.status, response.text) == ("truncated", "Problem 0 is : what comes")


def test_a_model_that_wants_the_limit_under_its_new_name_gets_it(start, connect, ask) -> None:
    bodies: list[dict[str, object]] = []

    async def complete(request: Request) -> Response:
        bodies.append(await request.json())
        if "max_tokens" in bodies[-1]:
            return error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return completion()

    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    responses = connect(start(app=app).url, max_concurrency=4).ask_all(ask(12))
    assert {(response.status, response.attempts) for response in responses} == {("ok", 1)}
    assert sum("max_tokens" in body for body in bodies) <= 4
    assert bodies[-1]["max_completion_tokens"] == 20


def test_missing_usage_leaves_tokens_and_cost_unknown(start, connect, ask) -> None:
    app, _ = scripted(completion(usage=None))
    (response,) = connect(start(app=app).url).ask_all(ask(1))
    assert (response.input_tokens, response.output_tokens, response.usd) == (None, None, None)


def test_half_a_surrogate_pair_can_be_stored(start, connect, ask, store) -> None:
    app, _ = scripted(Response(completion("X").body.replace(b'"X"', b'"a\\ud83d b"'), media_type="application/json"))
    (response,) = connect(start(app=app).url).ask_all(ask(1))
    assert response.text == "a\ufffd b"
    assert store.get(response.key) == response


@pytest.mark.parametrize("wait", ["0.4", "date"])
def test_a_rate_limit_is_waited_out_as_told_and_burns_no_attempt(start, connect, ask, wait) -> None:
    date_seconds = int(time.time()) + 2
    http_date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(date_seconds))
    app, asked = scripted(*[error(429, **{"retry-after": http_date if wait == "date" else wait})] * 2, completion())
    (response,) = connect(start(app=app).url, max_attempts=1).ask_all(ask(1))
    assert (response.status, response.attempts) == ("ok", 1)
    if wait == "date":
        assert time.time() > date_seconds
    else:
        assert asked[1] - asked[0] > 0.4 and asked[2] - asked[1] > 0.4


def test_a_wait_beyond_the_limit_ends_the_stage(start, connect, ask) -> None:
    app, _ = scripted(error(429, **{"retry-after": "7200"}))
    with pytest.raises(TeacherUnreachableError, match=r"asks to wait 7200 s; limits\.max_wait_seconds is 3600"):
        connect(start(app=app).url).ask_all(ask(1))


@pytest.mark.parametrize(
    "options", [MockOptions(api_key="right"), MockOptions(quota_requests=20)], ids=["wrong key", "no quota"]
)
def test_refused_access_ends_the_stage_and_loses_nothing(start, connect, ask, store, monkeypatch, options) -> None:
    monkeypatch.setenv("TEACHER_KEY", "wrong")
    mock = start(options)
    with pytest.raises(TeacherAccessError, match="TEACHER_KEY") as refused:
        connect(mock.url, api_key_env="TEACHER_KEY", max_concurrency=4).ask_all(ask(100))
    assert refused.value.exit_code == 5
    assert len(store) == mock.outcomes().count("ok")
    assert len(mock.ledger) - len(store) <= 4


def test_an_unknown_model_ends_the_stage(start, connect, ask) -> None:
    app, _ = scripted(error(404, "no such model"))
    with pytest.raises(ConfigError, match="knows no model 'mock'"):
        connect(start(app=app).url).ask_all(ask(1))


@pytest.mark.parametrize("count", [1, 100])
def test_an_endpoint_that_is_not_there_ends_the_stage_soon(connect, ask, count) -> None:
    with pytest.raises(TeacherUnreachableError, match=r"teacher: http://127\.0\.0\.1:9/v1 .*See that the server runs"):
        connect("http://user:pass@127.0.0.1:9/v1").ask_all(ask(count))


def test_twenty_failures_in_a_row_end_the_stage(start, connect, ask) -> None:
    mock = start(MockOptions(faults=FaultScript(server_error=1.0)))
    with pytest.raises(TeacherUnreachableError, match="fails again and again"):
        connect(mock.url, max_concurrency=4).ask_all(ask(1000))
    assert 20 <= len(mock.ledger) <= 20 + 2 * 4


@pytest.mark.parametrize("max_cost_usd", [0.05, 0.5, 1.0])
def test_a_budget_is_never_passed_and_nearly_used(start, connect, ask, store, max_cost_usd) -> None:
    """R10: a request costs $0.092, and $0.269 in the worst case."""
    mock = start()
    budget = Budget(max_cost_usd)
    with pytest.raises(BudgetReachedError, match="max_cost_usd") as reached:
        connect(mock.url, budget).ask_all(ask(50))
    assert reached.value.exit_code == 4
    charged_usd = sum(0.001 * row.input_tokens + 0.01 * row.output_tokens for row in mock.ledger)
    assert charged_usd == pytest.approx(budget.spent_usd)
    assert max_cost_usd - 0.32 < charged_usd <= max_cost_usd
    assert len(store) == len(mock.ledger)


def test_a_budget_needs_a_price(connect) -> None:
    with pytest.raises(ConfigError, match="unknown price is not 0"):
        connect("http://127.0.0.1:9/v1", Budget(1.0), price=None)


def test_a_known_limit_is_not_passed(start, connect, ask) -> None:
    """R9: less than 1 % turned away."""
    mock = start(MockOptions(requests_per_minute=1200, rate_window_seconds=4.0))
    connect(mock.url, requests_per_minute=1200).ask_all(ask(120))
    assert mock.outcomes().count("limit") < 0.01 * 120


@pytest.mark.slow
def test_a_known_limit_is_used(start, connect, ask) -> None:
    """R9: at least 90 % of the limit, on a machine that has the time."""
    rate, count = 300, 900
    mock = start(MockOptions(requests_per_minute=rate, rate_window_seconds=60.0))
    began_seconds = time.monotonic()
    connect(mock.url, requests_per_minute=rate).ask_all(ask(count))
    assert count / (time.monotonic() - began_seconds) * 60 / rate >= 0.9
    assert mock.outcomes().count("limit") < 0.01 * count


def test_an_unknown_limit_is_learnt_from_refusals(start, connect, ask) -> None:
    mock = start(MockOptions(requests_per_minute=1200, rate_window_seconds=0.5))
    responses = connect(mock.url, max_concurrency=32).ask_all(ask(60))
    assert {response.status for response in responses} == {"ok"}
    assert {response.attempts for response in responses} == {1}


def test_tokens_per_minute_are_kept(start, connect, ask) -> None:
    mock = start()
    connect(mock.url, tokens_per_minute=30_000).ask_all(ask(100))
    seconds = mock.ledger[-1].received_seconds - mock.ledger[0].received_seconds
    tokens = sum(row.input_tokens + row.output_tokens for row in mock.ledger)
    assert 0.6 < tokens / seconds / 500 <= 1.05


def test_a_request_costs_little_cpu(start, connect, ask) -> None:
    """R11: the thread that runs the client, apart from the server's."""
    model = connect(start().url)
    model.ask_all(ask(1))
    began_seconds = time.thread_time()
    model.ask_all(ask(300))
    assert (time.thread_time() - began_seconds) / 300 < 0.010


def test_secrets_stand_nowhere(start, connect, ask, store: RequestStore, monkeypatch, caplog, tmp_path: Path) -> None:
    """S4: the key, and user and password of the URL, in whatever the server sends back."""
    key, user, password = "sk-canary-key", "canary-user", "canary-pass"
    monkeypatch.setenv("TEACHER_KEY", key)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-other")
    caplog.set_level(logging.DEBUG)
    echo = f"{key} {user}:{password}"
    seen: list[str] = []
    for answer in (error(401, echo), error(400, echo), error(500, echo), Response(echo), error(404, echo)):
        app, _ = scripted(answer)
        url = start(app=app).url.replace("http://", f"http://{user}:{password}@")
        try:
            responses = connect(url, api_key_env="TEACHER_KEY", max_attempts=1).ask_all(ask(1))
            seen.append(repr(responses))
        except SuperCorrectError as raised:
            seen.append(str(raised))
    assert all("[redacted]" in text for text in seen)
    files = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    for text in (*seen, caplog.text, *files, repr(connect(url, api_key_env="TEACHER_KEY"))):
        assert "canary" not in text


def test_no_key_is_sent_where_none_is_wanted(start, connect, ask, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-canary")
    headers: list[dict[str, str]] = []

    async def complete(request: Request) -> Response:
        headers.append(dict(request.headers))
        return completion()

    app = Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])
    connect(start(app=app).url).ask_all(ask(1))
    assert "authorization" not in headers[0] and "sk-canary" not in str(headers)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://169.254.169.254/v1", "link-local"),
        ("http://[fe80::1]/v1", "link-local"),
        ("http://metadata.google.internal/v1", "metadata"),
        ("ftp://user:pass@host/v1", r"got 'ftp://host/v1'"),
        ("localhost:8000/v1", "expected a base_url such as https"),
    ],
)
def test_a_wrong_address_is_refused_before_any_request(connect: Callable[..., object], url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        connect(url)


def test_an_unencrypted_way_to_another_machine_is_warned_of(connect, caplog) -> None:
    connect("http://user:pass@teacher.example/v1")
    assert "http://teacher.example/v1 is not encrypted" in caplog.text


def test_a_missing_key_names_its_variable(connect, monkeypatch) -> None:
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    with pytest.raises(ConfigError, match="environment variable TEACHER_KEY, found none"):
        connect("http://127.0.0.1:9/v1", api_key_env="TEACHER_KEY")


def test_the_package_imports_without_openai() -> None:
    check = "import supercorrect.models, sys; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
