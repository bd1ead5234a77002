"""A teacher that lies, stalls, drips a byte a second or sends 200 MB: each item ends, in time and in bounded memory."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chaos import Table, Victim, arguments, check_struck, committed, contents, teacher
from supercorrect.config import EndpointConfig, LimitsConfig, SamplingConfig
from supercorrect.models import ChatRequest, OpenAICompatibleModel
from supercorrect.run_folder import RunFolder
from supercorrect.sandbox.faults import FaultScript
from supercorrect.sandbox.server import MockOptions, running_app
from supercorrect.store import RequestStore, StoredResponse

TIMEOUT_SECONDS = 1.5


def ask(store: RequestStore, url: str, timeout_seconds: float = 120) -> list[StoredResponse]:
    limits = LimitsConfig(max_attempts=1, timeout_seconds=timeout_seconds)
    endpoint = EndpointConfig(model="oracle", base_url=url, api_key_env=None, limits=limits)
    requests = [ChatRequest((("user", f"Problem {n}"),), SamplingConfig()) for n in range(2)]
    return OpenAICompatibleModel("teacher", endpoint, store).ask_all(requests)


@pytest.mark.parametrize("fault", ["stall", "drip"])
def test_one_time_limit_holds_for_the_whole_answer(tmp_path: Path, fault: str) -> None:
    with teacher(MockOptions(faults=FaultScript(**{fault: 1.0}))) as asked, RequestStore(tmp_path / "s") as store:
        began = time.monotonic()
        first, second = ask(store, asked.url, TIMEOUT_SECONDS)
        assert time.monotonic() - began < 20 * TIMEOUT_SECONDS  # an answer would take minutes, or a day
    assert first.status == second.status == "failed" and "no answer within 1.5 s" in first.detail


def test_no_more_is_read_than_an_answer_can_have(tmp_path: Path) -> None:
    with teacher(MockOptions(faults=FaultScript(flood=1.0))) as asked, RequestStore(tmp_path / "s") as store:
        responses = ask(store, asked.url)
    assert {response.status for response in responses} == {"failed"}
    assert all("more than 16 MB" in response.detail for response in responses)


@pytest.mark.parametrize("status_code", [200, 500])
def test_what_unpacks_to_200_mb_is_not_unpacked(tmp_path: Path, status_code: int) -> None:
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=6)

    async def send(request: Request) -> Response:
        return Response(bomb, status_code, headers={"content-encoding": "gzip"})

    app = Starlette(routes=[Route("/v1/chat/completions", send, methods=["POST"])])
    with running_app(app) as url, RequestStore(tmp_path / "s") as store:
        responses = ask(store, url)
    assert all(one.status == "failed" and "more than 0.064 MB" in one.detail for one in responses)


def test_a_liar_is_never_believed(victim: Victim, tmp_path: Path) -> None:
    """Nothing that it says enters a training set: its answers do not grade."""
    script = FaultScript(lie=0.5, seed=3)
    root = tmp_path / "run"
    with teacher(MockOptions(faults=script)) as asked:
        end = victim.run(root, *arguments(root, asked.url, "problems.hsft.count=20", until="thoughts"))
        lies = Counter(row.outcome for row in asked.ledger)["lie"]
    assert end.code == 0, end.output
    entry = RunFolder(root).read_manifest().stages["thoughts"]
    assert lies > 0 and entry.inputs == 20 == entry.kept + sum(entry.rejected.values())
    assert b"That is plain to see" not in RunFolder(root).data("hsft/train").read_bytes()


@pytest.mark.parametrize(("items", "kills"), [(30, 2), pytest.param(500, 20, marks=pytest.mark.slow)])
def test_kills_in_a_storm_of_all_faults(victim: Victim, tmp_path: Path, items: int, kills: int) -> None:
    """Whatever the teacher does, and whenever the run is killed: the very data of a run without either."""
    table, size = Table(), f"problems.hsft.count={items}"
    quick = "teacher.limits={max_concurrency: 4, timeout_seconds: 2, max_attempts: 30}"
    storm = FaultScript(
        server_error=0.1, reset=0.05, broken_json=0.05, stall=0.01, drip=0.01, flood=0.01, seed=table.seed
    )
    with teacher() as calm:
        assert victim.run(tmp_path / "calm", *arguments(tmp_path / "calm", calm.url, size, until="thoughts")).code == 0
    whole, root = contents(tmp_path / "calm"), tmp_path / "run"
    tally = table.row("kill_before in a storm")
    with teacher(MockOptions(faults=storm)) as asked:
        command = arguments(root, asked.url, size, quick, until="thoughts")
        for _ in range(kills):
            kept, first = committed(root), len(asked.keys)
            end = victim.run(root, *command, fault="kill_before", at=table.rng.randint(20, 20 + 8 * items // kills))
            check_struck(root, whole, end)
            assert not kept & set(asked.keys[first:])
            tally.injected += 1
            tally.survived += 1
        assert victim.run(root, *command).code == 0
    tally.lost, tally.repeated = len(committed(tmp_path / "calm") - committed(root)), asked.repeats()
    tally.duplicated = len(committed(root) - committed(tmp_path / "calm"))
    table.show()
    assert {name: digest for name, digest in contents(root).items() if "attempts" not in name} == {
        name: digest for name, digest in whole.items() if "attempts" not in name
    }
