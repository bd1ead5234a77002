"""What the store has taken it gives back, whole, or says that it cannot."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from supercorrect.config import SamplingConfig
from supercorrect.errors import StorageError
from supercorrect.store import RequestStore, StoredResponse, Usage, request_key

MESSAGES = (("system", "Think."), ("user", "What is 2 + 2?"))


def response(number: int, text: str = "four") -> StoredResponse:
    return StoredResponse(key=f"{number:064d}", role="teacher", model="mock", status="ok", text=text, usd=0.25)


def test_a_response_comes_back_exactly(tmp_path: Path) -> None:
    whole = StoredResponse(
        key="k",
        role="student",
        model="m",
        status="truncated",
        text="nul \0, newline \n, ∑ and \U0001f600",
        reasoning="because",
        finish_reason="length",
        served_model="m-1",
        input_tokens=3,
        output_tokens=5,
        token_ids=(1, 70_000, 3),
        attempts=2,
        usd=0.1 + 0.2,
        detail="cut",
    )
    with RequestStore(tmp_path / "store.sqlite") as store:
        store.put(whole)
        store.put(response(1))
    with RequestStore(tmp_path / "store.sqlite") as store:
        assert store.get("k") == whole
        assert store.get_many(["k", response(1).key, "unknown"]) == {"k": whole, response(1).key: response(1)}
        assert store.get("unknown") is None
        assert len(store) == 2


def test_the_first_answer_to_a_request_stays(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        store.put(response(1))
        store.put_many([response(1, "five"), response(2)])
        assert store.get(response(1).key) == response(1)
        assert len(store) == 2


def test_an_error_is_never_kept_as_an_answer(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        with pytest.raises(ValueError, match="failed"):
            store.put_many([response(1), replace(response(2), status="failed")])
        assert len(store) == 0


def test_usage_is_unknown_as_soon_as_one_response_is(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        store.put(replace(response(1), input_tokens=3, output_tokens=4))
        store.put(replace(response(2), input_tokens=3, output_tokens=4, usd=None))
        store.put(replace(response(3), role="student", usd=0.5))
        assert store.usage() == {"teacher": Usage(2, 6, 8, None), "student": Usage(1, None, None, 0.5)}


def test_what_is_spent_counts_whatever_is_known_in_every_role(tmp_path: Path) -> None:
    """One answer of unknown cost does not make the others free: the budget starts from this sum."""
    with RequestStore(tmp_path / "store.sqlite") as store:
        assert store.spent_usd() == 0
        store.put(replace(response(1), usd=40.0))
        store.put(replace(response(2), usd=None))
        store.put(replace(response(3), role="inspector", usd=0.5))
        assert store.spent_usd() == 40.5


def test_threads_share_a_store(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        threads = [
            threading.Thread(target=lambda first=first: [store.put(response(first + n)) for n in range(25)])
            for first in range(0, 100, 25)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store) == 100


@pytest.mark.parametrize(
    "changed",
    [
        request_key("other", MESSAGES, SamplingConfig()),
        request_key("m", MESSAGES[1:], SamplingConfig()),
        request_key("m", (("system", "Think.user"), ("", "What is 2 + 2?")), SamplingConfig()),
        request_key("m", MESSAGES, SamplingConfig(temperature=0.1)),
        request_key("m", MESSAGES, SamplingConfig(top_p=0.9)),
        request_key("m", MESSAGES, SamplingConfig(max_new_tokens=7)),
        request_key("m", MESSAGES, SamplingConfig(), sample_index=1),
    ],
)
def test_whatever_decides_an_answer_changes_its_key(changed: str) -> None:
    assert changed != request_key("m", MESSAGES, SamplingConfig())


def test_the_key_is_the_same_on_every_machine() -> None:
    expected = "d6f453a5b40f"
    assert request_key("m", MESSAGES, SamplingConfig()).startswith(expected)


def test_a_full_disk_is_a_storage_error_and_costs_nothing_committed(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from supercorrect.store import RequestStore, StoredResponse
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = RequestStore(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
for n in range(1000):
    store.put(StoredResponse(key=str(n), role="teacher", model="m", status="ok", text="x" * 5000))
    print(n, flush=True)
"""
    path = tmp_path / "store.sqlite"
    ended = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    committed = ended.stdout.split()
    assert "StorageError" in ended.stderr and "store.sqlite: the request store cannot be written" in ended.stderr
    assert 10 < len(committed) < 1000
    with RequestStore(path) as store:
        assert store.get_many(committed).keys() == set(committed)


def test_no_request_starts_on_a_nearly_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        store.require_free_space()
        monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10**8))
        with pytest.raises(StorageError, match="at least 200 MB of free disk, got 100 MB"):
            store.require_free_space()


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    RequestStore(tmp_path / "store.sqlite").close()
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(StorageError, match="version 1, got version 2"):
        RequestStore(tmp_path / "store.sqlite")


def test_damage_is_always_found(tmp_path: Path) -> None:
    """Flip a bit or cut the file, anywhere: the store gives the very answers that it was given, or an error."""
    path = tmp_path / "store.sqlite"
    responses = {str(n): replace(response(n, f"answer {n} " * 20), key=str(n)) for n in range(100)}
    with RequestStore(path) as store:
        store.put_many(list(responses.values()))
    whole = path.read_bytes()
    rng = random.Random(7)
    found = 0
    for _ in range(150):
        damaged = bytearray(whole)
        if rng.random() < 0.2:
            del damaged[rng.randrange(1, len(damaged)) :]
        else:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            with RequestStore(path) as store:
                assert store.get_many(list(responses)) == responses  # the flip lay in unused space
        except StorageError:
            found += 1
        for rest in tmp_path.glob("store.sqlite-*"):
            rest.unlink()
    assert found > 75
