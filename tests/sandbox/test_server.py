"""The mock teacher is the judge of other tests, so it is judged here, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from supercorrect.errors import ConfigError
from supercorrect.sandbox.faults import FaultScript, parse_faults
from supercorrect.sandbox.server import MockOptions, create_app, running_app


def post(url: str, content: str, max_tokens: int = 100, key: str = "k") -> tuple[int, dict[str, Any], dict[str, str]]:
    """Ask; returns status, body and headers."""
    body = {"model": "m", "messages": [{"role": "user", "content": content}], "max_tokens": max_tokens}
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, json.load(response), dict(response.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), dict(error.headers)


def echo(messages: list[dict[str, str]]) -> str:
    return messages[-1]["content"]


def test_an_answer_has_the_shape_of_a_chat_completion_and_counts_words() -> None:
    with running_app(create_app(echo)) as url:
        status, body, _ = post(url, "one  two\nthree")
        cut = post(url, "one  two\nthree", max_tokens=2)[1]
    assert (status, body["model"]) == (200, "m")
    assert body["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "one  two\nthree"},
        "finish_reason": "stop",
    }
    assert body["usage"] == {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}
    assert cut["choices"][0]["message"]["content"] == "one  two"
    assert (cut["choices"][0]["finish_reason"], cut["usage"]["completion_tokens"]) == ("length", 2)


def test_the_models_are_listed_and_the_server_is_well() -> None:
    with running_app(create_app(echo, MockOptions(model="teacher-7"))) as url:
        with urllib.request.urlopen(f"{url}/models") as response:
            assert json.load(response)["data"][0]["id"] == "teacher-7"
        with urllib.request.urlopen(url.replace("/v1", "/health")) as response:
            assert response.status == 200


@pytest.mark.parametrize(
    ("fault", "status"), [("rate_limited", 429), ("server_error", 500), ("slow", 504), ("empty", 200), ("refusal", 200)]
)
def test_each_fault_is_what_its_name_says(fault: str, status: int) -> None:
    app = create_app(echo, MockOptions(faults=FaultScript(**{fault: 1.0}, retry_after_seconds=0.25, slow_seconds=0.01)))
    with running_app(app) as url:
        got, body, headers = post(url, "one two")
    assert got == status
    assert app.state.ledger[0].outcome == fault
    assert app.state.ledger[0].output_tokens == (2 if fault == "refusal" else 0)
    if fault == "rate_limited":
        assert headers["retry-after"] == "0.250"
    if fault == "empty":
        assert body["choices"][0]["message"]["content"] is None
    if fault == "refusal":
        assert body["choices"][0]["message"]["refusal"]


def test_a_reset_breaks_off_the_answer_and_broken_json_is_none() -> None:
    reset, broken = (
        create_app(echo, MockOptions(faults=FaultScript(**{name: 1.0}))) for name in ("reset", "broken_json")
    )
    with running_app(reset) as url, pytest.raises(http.client.IncompleteRead):
        post(url, "one")
    with running_app(broken) as url, pytest.raises(json.JSONDecodeError):
        post(url, "one")


def test_the_storm_is_the_same_on_every_machine_and_has_its_rates() -> None:
    script = FaultScript(rate_limited=0.2, length=0.1, seed=3)
    drawn = [script.draw(str(n), 1) for n in range(5000)]
    assert drawn == [script.draw(str(n), 1) for n in range(5000)]
    assert drawn[:8] != [FaultScript(rate_limited=0.2, length=0.1, seed=4).draw(str(n), 1) for n in range(8)]
    assert drawn != [script.draw(str(n), 2) for n in range(5000)]
    assert drawn.count("rate_limited") / 5000 == pytest.approx(0.2, abs=0.02)
    assert drawn.count("length") / 5000 == pytest.approx(0.1, abs=0.02)
    assert {script.draw("any", 1) for script in [FaultScript()] * 10} == {None}


def test_the_ledger_on_disk_is_the_ledger_in_memory(tmp_path: Path) -> None:
    app = create_app(echo, MockOptions(ledger_path=tmp_path / "ledger.jsonl", faults=FaultScript(length=1.0)))
    with running_app(app) as url:
        for max_tokens in (100, 200):
            post(url, "one two three four", max_tokens)
    rows = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert [(row["attempt"], row["outcome"], row["input_tokens"], row["output_tokens"]) for row in rows] == [
        (1, "length", 4, 2),
        (2, "length", 4, 2),
    ]
    assert len({row["request_hash"] for row in rows}) == 1
    assert [row.received_seconds for row in app.state.ledger] == [row["received_seconds"] for row in rows]


def test_key_quota_and_rate_are_kept() -> None:
    app = create_app(echo, MockOptions(api_key="k", quota_requests=2))
    with running_app(app) as url:
        assert post(url, "one", key="wrong")[0] == 401
        assert [post(url, "one")[0] for _ in range(3)] == [200, 200, 429]
        assert post(url, "one")[1]["error"]["code"] == "insufficient_quota"
    with running_app(create_app(echo, MockOptions(requests_per_minute=3, rate_window_seconds=60))) as url:
        answers = [post(url, "one") for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    assert 58 < float(answers[3][2]["retry-after"]) <= 60


def test_a_function_without_an_answer_gives_null() -> None:
    with running_app(create_app(lambda messages: None)) as url:
        assert post(url, "one")[1]["choices"][0]["message"]["content"] is None


def test_a_script_is_read_from_the_command_line() -> None:
    assert parse_faults("rate_limited=0.2, seed=4") == FaultScript(rate_limited=0.2, seed=4)
    assert parse_faults("") == FaultScript()
    for wrong in ("typo=1", "seed=x", "rate_limited"):
        with pytest.raises(ConfigError, match=r"expected name=number with a name of rate_limited, .*got '"):
            parse_faults(wrong)
