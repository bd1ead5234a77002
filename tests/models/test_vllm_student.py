"""The student in vLLM's process: everything but vLLM itself, which a stand-in takes the place of."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.errors import ConfigError, StudentEngineError
from supercorrect.models.engines import open_student
from supercorrect.models.vllm_student import VllmStudent
from supercorrect.sandbox.language import make_problems
from supercorrect.training.rendering import chat_prompt_ids

MODEL = "supercorrect.sandbox:base_student"
STAND_INS = Path(__file__).parent / "stand_ins"
CRASHING_ID = 999_999
STOP = "second"
GREEDY = SamplingConfig(max_new_tokens=24)
DRAWN = SamplingConfig(temperature=1.0, max_new_tokens=24)


@pytest.fixture(scope="module")
def vllm() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(STAND_INS))
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        yield


@pytest.fixture(scope="module")
def student(vllm: None) -> Iterator[VllmStudent]:
    with closing(VllmStudent(MODEL, StudentConfig(model=MODEL, engine="vllm"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def prompts(student: VllmStudent) -> list[list[int]]:
    return [chat_prompt_ids(student.tokenizer, p.problem) for p in make_problems(count=4, seed=0, split="errors")]


def test_without_vllm_the_line_that_installs_it_is_shown() -> None:
    with pytest.raises(ConfigError, match=r'pip install "supercorrect\[train,vllm\]"'):
        open_student(MODEL, StudentConfig(model=MODEL, engine="vllm"))


def test_nothing_is_started_before_the_first_prompt(vllm: None) -> None:
    with closing(open_student(MODEL, StudentConfig(model=MODEL, engine="vllm"))) as opened:
        assert isinstance(opened, VllmStudent)
        assert opened._process is None


def test_its_greedy_tokens_and_stops_are_those_of_transformers(student: VllmStudent, prompts: list[list[int]]) -> None:
    config = StudentConfig(model=MODEL)
    with closing(open_student(MODEL, config)) as other:
        assert student.sample(prompts, GREEDY, seed=0) == other.sample(prompts, GREEDY, seed=0)
        stopped = student.sample(prompts, GREEDY, seed=0, stop=STOP)
        assert stopped == other.sample(prompts, GREEDY, seed=0, stop=STOP)
    assert any(one.text.endswith(STOP) and one.finish_reason == "stop" for one in stopped)
    assert student.fingerprint != other.fingerprint


def test_samples_of_a_prompt_differ_and_come_again_under_their_seed(
    student: VllmStudent, prompts: list[list[int]]
) -> None:
    asked = [prompts[0], prompts[1], prompts[0], prompts[0]]
    first = student.sample(asked, DRAWN, seed=1)
    assert len({one.token_ids for one in (first[0], first[2], first[3])}) > 1
    assert student.sample(asked, DRAWN, seed=1) == first != student.sample(asked, DRAWN, seed=2)
    greedy = student.sample(asked, GREEDY, seed=1)
    assert greedy[0] == greedy[2] == greedy[3] != greedy[1]


def test_a_crash_is_told_with_the_last_lines_and_the_next_batch_starts_anew(
    student: VllmStudent, prompts: list[list[int]]
) -> None:
    before = student.sample(prompts, GREEDY, seed=0)
    with pytest.raises(StudentEngineError, match=r"(?s)ended with code 3.*gpu_memory_utilization.*CUDA out of memory"):
        student.sample([[CRASHING_ID]], GREEDY, seed=0)
    assert student.sample(prompts, GREEDY, seed=0) == before


def test_closing_ends_the_process(student: VllmStudent, prompts: list[list[int]]) -> None:
    student.sample(prompts[:1], GREEDY, seed=0)
    process = student._process
    assert process is not None and process.poll() is None
    student.close()
    assert process.poll() is not None
    student.close()
