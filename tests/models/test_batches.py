"""Batches over a real socket: nothing is sent twice, nothing is lost, whatever the server makes of them."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from supercorrect.config import BatchConfig, EndpointConfig
from supercorrect.errors import BudgetReachedError, ConfigError, TeacherAccessError, TeacherUnreachableError
from supercorrect.models import Budget, OpenAICompatibleModel
from supercorrect.models.batch_endpoint import BatchEndpoint
from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.server import MockOptions
from supercorrect.store import BatchLog, RequestStore

FAULTS = ("server_error", "rate_limited", "broken_json", "empty", "length", "refusal")


class CrashError(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supercorrect.models.retry._FIRST_BACKOFF_SECONDS", 0.01)


@pytest.fixture
def batched(connect) -> Callable[..., OpenAICompatibleModel]:
    """A teacher that is asked in batches, and looked after closely."""
    return partial(connect, batch=BatchConfig(poll_seconds=0.02))


def sent(mock) -> Counter[str]:
    """How often each request came."""
    return Counter(row.request_hash for row in mock.ledger)


def test_a_batch_answers_every_request_once_at_half_the_price(start, batched, ask, store) -> None:
    mock = start(MockOptions(faults=FaultScript(batch_seconds=0.3)))
    notes: list[str] = []
    requests = ask(30)
    responses = batched(mock.url).ask_all(requests, on_done=lambda progress: notes.append(progress.note))
    assert [response.text for response in responses] == [request.messages[-1][1] for request in requests]
    assert set(sent(mock).values()) == {1} and {row.batch_id for row in mock.ledger} == {"batch_1"}
    assert responses[0].usd == pytest.approx((12 * 0.001 + 8 * 0.01) / 2)
    assert any(note.startswith("batch_1 in_progress: ") and note.endswith(" of 30") for note in notes)
    assert batched(mock.url).ask_all(requests[::-1]) == responses[::-1]
    assert len(mock.ledger) == 30
    assert BatchLog(store).open_entries([response.key for response in responses]) == []


def test_only_what_the_store_lacks_goes_into_a_batch(start, connect, batched, ask) -> None:
    mock = start()
    connect(mock.url).ask_all(ask(10))
    batched(mock.url).ask_all(ask(25))
    assert Counter(row.batch_id for row in mock.ledger) == {None: 10, "batch_1": 15}


def test_many_requests_are_several_batches(start, connect, ask) -> None:
    mock = start()
    responses = connect(mock.url, batch=BatchConfig(poll_seconds=0.02, max_requests=10)).ask_all(ask(25))
    assert len(responses) == 25
    assert Counter(row.batch_id for row in mock.ledger) == {"batch_1": 10, "batch_2": 10, "batch_3": 5}


def test_an_expired_batch_is_kept_and_only_the_rest_is_sent_again(start, batched, ask) -> None:
    mock = start(MockOptions(faults=FaultScript(batch_expired=1, batch_unanswered=0.4)))
    responses = batched(mock.url).ask_all(ask(50))
    assert {response.status for response in responses} == {"ok"}
    assert set(sent(mock).values()) == {1}
    assert Counter(row.batch_id for row in mock.ledger) == {"batch_1": 30, "batch_2": 20}


def test_a_failed_batch_is_sent_again_and_a_second_in_a_row_ends_the_stage(start, batched, ask) -> None:
    mock = start(MockOptions(faults=FaultScript(batch_failed=1)))
    assert {response.status for response in batched(mock.url).ask_all(ask(5))} == {"ok"}
    assert len(mock.ledger) == 5
    mock = start(MockOptions(faults=FaultScript(batch_failed=9)))
    with pytest.raises(TeacherUnreachableError, match=r"batch_2 is failed \(mock_failure: This batch fails"):
        batched(mock.url).ask_all(ask(10))
    assert not mock.ledger


def test_a_batch_whose_creation_was_not_confirmed_is_found_not_made_again(start, batched, ask) -> None:
    mock = start(MockOptions(faults=FaultScript(batch_create_lost=1)))
    assert {response.status for response in batched(mock.url).ask_all(ask(20))} == {"ok"}
    assert len(mock.batches) == 1


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (BatchLog, "begin"),
        (BatchEndpoint, "upload"),
        (BatchLog, "uploaded"),
        (BatchEndpoint, "create"),
        (BatchLog, "created"),
        (BatchEndpoint, "retrieve"),
        (BatchEndpoint, "results"),
        (RequestStore, "put_many"),
        (BatchLog, "take"),
    ],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_a_crash_right_behind_a_step_makes_no_second_batch(start, batched, ask, monkeypatch, owner, step) -> None:
    """R4: the step has had its effect, and nobody has taken note of it yet."""
    mock, original = start(), getattr(owner, step)

    def crash(*arguments):
        original(*arguments)
        raise CrashError

    async def crash_async(*arguments):
        await original(*arguments)
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, crash_async if inspect.iscoroutinefunction(original) else crash)
        with pytest.raises(CrashError):
            batched(mock.url).ask_all(ask(12))
    assert {response.status for response in batched(mock.url).ask_all(ask(12))} == {"ok"}
    assert len(mock.batches) == 1 and set(sent(mock).values()) == {1}


def test_each_error_line_ends_as_it_does_live_with_every_token_counted(start, batched, ask) -> None:
    mock = start(MockOptions(faults=FaultScript(**dict.fromkeys(FAULTS, 0.05))))
    responses = batched(mock.url).ask_all(ask(200))
    statuses = Counter(response.status for response in responses)
    assert set(statuses) <= {"ok", "refused", "truncated", "empty"} and statuses["ok"] > 180
    assert statuses["refused"] == mock.outcomes().count("refusal")
    assert set(mock.outcomes()) == {"ok", *FAULTS}
    for kind in ("input_tokens", "output_tokens"):
        assert sum(getattr(response, kind) for response in responses) == sum(getattr(row, kind) for row in mock.ledger)


def test_a_cut_answer_is_never_a_success_and_is_sent_again_with_twice_the_tokens(start, batched, ask) -> None:
    mock = start()
    (response,) = batched(mock.url).ask_all(ask(1, max_new_tokens=5))
    assert (response.status, response.attempts, response.output_tokens) == ("ok", 2, 13)
    (response,) = batched(mock.url).ask_all(ask(1, max_new_tokens=3))
    assert (response.status, response.text) == ("truncated", "Problem 0 is : what comes")


@pytest.mark.parametrize(
    "options", [MockOptions(api_key="right"), MockOptions(quota_requests=20)], ids=["wrong key", "no quota"]
)
def test_refused_access_ends_the_stage_and_keeps_what_is_there(start, batched, ask, store, monkeypatch, options):
    monkeypatch.setenv("TEACHER_KEY", "wrong")
    mock = start(options)
    with pytest.raises(TeacherAccessError, match="TEACHER_KEY") as refused:
        batched(mock.url, api_key_env="TEACHER_KEY").ask_all(ask(50))
    assert refused.value.exit_code == 5
    assert len(store) == mock.outcomes().count("ok")


def test_a_budget_is_checked_before_a_batch_is_made(start, batched, ask, store) -> None:
    """R10: a request costs $0.046, and $0.134 in the worst case."""
    mock = start()
    with pytest.raises(BudgetReachedError, match="max_cost_usd"):
        batched(mock.url, Budget(0.1)).ask_all(ask(5))
    assert mock.batches == {}
    budget = Budget(1.0)
    with pytest.raises(BudgetReachedError, match="max_cost_usd") as reached:
        batched(mock.url, budget).ask_all(ask(50))
    assert reached.value.exit_code == 4
    charged_usd = sum(0.001 * row.input_tokens + 0.01 * row.output_tokens for row in mock.ledger) / 2
    assert charged_usd == pytest.approx(budget.spent_usd) and 0.8 < charged_usd <= 1.0
    assert len(store) == len(mock.ledger)


def test_a_batch_that_is_gone_is_told_and_not_paid_again(start, batched, ask, store: RequestStore) -> None:
    model = batched(start().url)
    log, keys = BatchLog(store), [model.key(request) for request in ask(3)]
    log.begin("m", keys)
    log.created("m", "batch_77")
    with pytest.raises(ConfigError, match="batch_77: was it made with another account"):
        model.ask_all(ask(3))


def test_going_on_without_batches_says_what_is_left_behind(start, connect, ask, store: RequestStore, caplog) -> None:
    model = connect(start().url)
    log = BatchLog(store)
    log.begin("m", [model.key(request) for request in ask(3)])
    log.created("m", "batch_77")
    assert len(model.ask_all(ask(3))) == 3
    assert "answers of batch_77 have not been taken in" in caplog.text


def test_what_an_earlier_recipe_asked_for_can_still_be_taken_in(start, batched, ask, store: RequestStore) -> None:
    """A batch is open until all of its answers are in the store."""
    mock = start(MockOptions(faults=FaultScript(batch_create_lost=1)))
    with pytest.raises(TeacherUnreachableError):
        batched(mock.url, max_attempts=1).ask_all(ask(20))
    assert len(batched(mock.url).ask_all(ask(5))) == 5
    assert len(store) == 5
    assert len(batched(mock.url).ask_all(ask(20))) == 20
    assert set(sent(mock).values()) == {1} and len(mock.batches) == 1


def test_an_endpoint_without_batches_is_told(start, batched, ask) -> None:
    from starlette.applications import Starlette

    with pytest.raises(ConfigError, match="knows no /files"):
        batched(start(app=Starlette()).url).ask_all(ask(1))


def test_batches_are_a_switch_or_a_section_and_need_a_server_that_stays() -> None:
    assert EndpointConfig(model="m", batch=True).batch == BatchConfig()
    assert EndpointConfig(model="m", batch=False).batch is None
    with pytest.raises(ValueError, match="exclude each other"):
        EndpointConfig(model="m", batch=True, serve=("vllm", "serve"))
