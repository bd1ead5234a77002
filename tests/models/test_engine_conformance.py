"""Every engine writes the very tokens that the student writes in this process, for 100 prompts of the sandbox.

vLLM itself is not at hand: a stand-in in its process shows that everything around it holds.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.engines import open_student
from supercorrect.models.student import Student, TokenCompletion
from supercorrect.sandbox.language import make_problems
from supercorrect.training.rendering import chat_prompt_ids

pytestmark = pytest.mark.slow
MODEL = "supercorrect.sandbox:base_student"
PROMPTS = 100
GREEDY = SamplingConfig(max_new_tokens=60)
STOP = "second"
TRANSFORMERS = shutil.which("transformers", path=str(Path(sys.executable).parent)) or "transformers"
MOCK = ["{python}", "-m", "supercorrect", "mock-student", "--model", "{model}", "--port", "{port}", "--kind"]
ENGINES: dict[str, dict[str, Any]] = {
    "vllm": {"engine": "vllm", "batch_size": PROMPTS},
    "transformers serve": {"serve": [TRANSFORMERS, "serve", "--port", "{port}", "--device", "cpu"]},
    **{f"mock {kind}": {"serve": [*MOCK, kind]} for kind in ("vllm", "sglang", "llama.cpp", "ollama", "transformers")},
}


@pytest.fixture(scope="module")
def own() -> Iterator[Student]:
    with closing(open_student(MODEL, StudentConfig(model=MODEL))) as student:
        yield student


@pytest.fixture(scope="module")
def prompts(own: Student) -> list[list[int]]:
    return [chat_prompt_ids(own.tokenizer, p.problem) for p in make_problems(count=PROMPTS, seed=0, split="held_out")]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Student]:
    asked = ENGINES[request.param]
    section = asked if "engine" in asked else {"engine": "openai", "server": asked}
    with pytest.MonkeyPatch.context() as patch:
        if section["engine"] == "vllm":
            patch.syspath_prepend(str(Path(__file__).parent / "stand_ins"))
            patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        with closing(open_student(MODEL, StudentConfig.model_validate({"model": MODEL, **section}))) as student:
            yield student


def said(completions: list[TokenCompletion]) -> list[tuple[tuple[int, ...], str, str]]:
    return [(one.token_ids, one.text, one.finish_reason) for one in completions]


def test_the_same_greedy_tokens(own: Student, prompts: list[list[int]], engine: Student) -> None:
    expected = own.sample(prompts, GREEDY, seed=0)
    assert said(engine.sample(prompts, GREEDY, seed=0)) == said(expected)
    assert {one.finish_reason for one in expected} == {"stop", "length"}


def test_the_same_stops(own: Student, prompts: list[list[int]], engine: Student) -> None:
    expected = own.sample(prompts, GREEDY, seed=0, stop=STOP)
    assert said(engine.sample(prompts, GREEDY, seed=0, stop=STOP)) == said(expected)
    assert sum(one.text.endswith(STOP) for one in expected) > PROMPTS / 2
    short = GREEDY.model_copy(update={"max_new_tokens": 5})
    expected = own.sample(prompts, short, seed=0)
    assert said(engine.sample(prompts, short, seed=0)) == said(expected)
    assert sum(one.finish_reason == "length" for one in expected) > PROMPTS / 2


def test_a_prefix_of_the_students_own_tokens_is_continued(
    own: Student, prompts: list[list[int]], engine: Student
) -> None:
    whole = own.sample(prompts, GREEDY, seed=0)
    halves = [one.token_ids[: len(one.token_ids) // 2] for one in whole]
    begun = [[*prompt, *half] for prompt, half in zip(prompts, halves, strict=True)]
    rest = engine.sample(begun, GREEDY, seed=0)
    for half, one, continued in zip(halves, whole, rest, strict=True):
        assert (*half, *continued.token_ids)[: len(one.token_ids)] == one.token_ids
