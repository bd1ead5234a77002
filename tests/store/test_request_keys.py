"""R12: what decides an answer decides its key, and nothing else does."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from supercorrect.config import SamplingConfig
from supercorrect.store import request_key

BASE: dict[str, Any] = {
    "model": "m",
    "messages": [("user", "2 + 2?")],
    "sampling": SamplingConfig(temperature=0.5),
    "sample_index": 0,
}
CHANGES: list[dict[str, Any]] = [
    {},
    {"model": "m2"},
    {"messages": [("user", "2 + 3?")]},
    {"messages": [("system", "2 + 2?")]},
    {"messages": [("user", "2 + 2?"), ("assistant", "4"), ("user", "sure?")]},
    {"messages": [("user", "2 + 2?user"), ("", "")]},
    {"sampling": SamplingConfig(temperature=0.6)},
    {"sampling": SamplingConfig(temperature=0.5, top_p=0.9)},
    {"sampling": SamplingConfig(temperature=0.5, max_new_tokens=5)},
    {"sample_index": 1},
]


def test_every_change_of_model_prompt_sampling_or_sample_is_another_request() -> None:
    keys = [request_key(**(BASE | change)) for change in CHANGES]
    for one, other in combinations(range(len(keys)), 2):
        assert keys[one] != keys[other], (CHANGES[one], CHANGES[other])


def test_the_same_request_has_the_same_key_in_every_process() -> None:
    assert request_key(**BASE) == "290cff55a881dcf9764e9c4d057c82aa540472db65344436265a1bb37e0ccb0a"
