"""One student for many threads: together where it may be, alone where it must be, and never mixed up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripted_students import CharacterStudent, prompt_of
from supercorrect.config import SamplingConfig
from supercorrect.serving.batching import ROUND_TOKENS, Batcher, CancelledWorkError, SharedStudent

GREEDY = SamplingConfig(max_new_tokens=1000)
DRAWN = SamplingConfig(max_new_tokens=1000, temperature=1.0)


def text_of(problem: str) -> str:
    """Of another length for each problem."""
    return f"{problem} " * (1 + int(problem) % 7 * 4)


def test_what_is_asked_for_at_the_same_time_is_written_together_and_as_if_it_were_alone() -> None:
    student = CharacterStudent(text_of)
    student.gate.clear()
    with Batcher(student) as batcher, ThreadPoolExecutor(20) as executor:
        asked = [executor.submit(SharedStudent(batcher).sample, [prompt_of(str(i))], GREEDY, seed=0) for i in range(20)]
        student.gate.set()
        texts = [one.result()[0].text for one in asked]
    assert texts == [text_of(str(i)) for i in range(20)]
    sizes = [len(batch) for batch in student.batches]
    assert max(sizes) == student.batch_size
    alone = sum(-(-(len(text) + 1) // ROUND_TOKENS) for text in texts)
    assert len(sizes) < alone / 2


def test_what_is_drawn_depends_on_its_own_seed_alone() -> None:
    quiet, busy = CharacterStudent(text_of), CharacterStudent(text_of)
    with Batcher(quiet) as batcher:
        expected = SharedStudent(batcher).sample([prompt_of("3")] * 3, DRAWN, seed=7)
    with Batcher(busy) as batcher, ThreadPoolExecutor(8) as executor:
        others = [executor.submit(SharedStudent(batcher).sample, [prompt_of("4")], DRAWN, seed=i) for i in range(8)]
        assert SharedStudent(batcher).sample([prompt_of("3")] * 3, DRAWN, seed=7) == expected
        assert len({one.result()[0].text for one in others}) == 8


def test_a_stop_string_that_two_rounds_share_is_found() -> None:
    text = "x" * (ROUND_TOKENS - 2) + "</Step1> more"
    student = CharacterStudent(lambda _: text)
    with Batcher(student) as batcher:
        (found,) = SharedStudent(batcher).sample([prompt_of("1")], GREEDY, seed=0, stop="</Step1>")
        (several,) = SharedStudent(batcher).sample([prompt_of("1")], GREEDY, seed=0, stop=("more", "</S"))
    assert (found.text, found.finish_reason) == ("x" * (ROUND_TOKENS - 2) + "</Step1>", "stop")
    assert several.text == "x" * (ROUND_TOKENS - 2) + "</S"


@pytest.mark.parametrize("limit", [1, ROUND_TOKENS - 1, ROUND_TOKENS, ROUND_TOKENS + 1, 100])
def test_rows_with_other_limits_in_one_batch_keep_their_own(limit: int) -> None:
    student = CharacterStudent(lambda _: "y" * 60)
    student.gate.clear()
    with Batcher(student) as batcher, ThreadPoolExecutor(2) as executor:
        long = executor.submit(SharedStudent(batcher).sample, [prompt_of("1")], GREEDY, seed=0)
        short = SamplingConfig(max_new_tokens=limit)
        asked = executor.submit(SharedStudent(batcher).sample, [prompt_of("2")], short, seed=0)
        student.gate.set()
        (completion,) = asked.result()
        assert len(completion.token_ids) == min(limit, 61)
        assert completion.finish_reason == ("length" if limit < 61 else "stop")
        assert long.result()[0].text == "y" * 60


def test_text_is_told_as_it_comes() -> None:
    told: list[str] = []
    with Batcher(CharacterStudent(lambda _: "z" * 70)) as batcher:
        SharedStudent(batcher).sample([prompt_of("1")], GREEDY, seed=0, on_text=lambda _, text: told.append(text))
    assert told == ["z" * 32, "z" * 64, "z" * 70]


def test_whoever_has_gone_is_dropped_and_the_others_are_served() -> None:
    student = CharacterStudent(text_of, batch_size=1)
    student.gate.clear()
    gone = threading.Event()
    with Batcher(student) as batcher, ThreadPoolExecutor(2) as executor:
        leaving = executor.submit(SharedStudent(batcher, gone).sample, [prompt_of("6")], GREEDY, seed=0)
        staying = executor.submit(SharedStudent(batcher).sample, [prompt_of("5")], GREEDY, seed=0)
        gone.set()
        student.gate.set()
        with pytest.raises(CancelledWorkError):
            leaving.result()
        assert staying.result()[0].text == text_of("5")


def test_an_engine_that_fails_tells_those_it_failed_and_goes_on() -> None:
    def text_or_failure(problem: str) -> str:
        if problem == "bad":
            raise RuntimeError("out of memory")
        return "fine"

    with Batcher(CharacterStudent(text_or_failure)) as batcher:
        with pytest.raises(RuntimeError, match="out of memory"):
            SharedStudent(batcher).sample([prompt_of("bad")], GREEDY, seed=0)
        assert SharedStudent(batcher).sample([prompt_of("1")], GREEDY, seed=0)[0].text == "fine"
        assert SharedStudent(batcher).sample([], GREEDY, seed=0) == []
