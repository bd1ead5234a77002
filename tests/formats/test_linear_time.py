"""Time is linear in the text, whatever the text: twice the text takes about twice the time."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from supercorrect.formats import parse_correction, parse_step_review, parse_thought, split_steps
from supercorrect.formats.tags import MAX_TAGS

PARSERS = [parse_thought, parse_correction, split_steps, parse_step_review]
UNITS = [
    "<", "<s", "<  ", "<  /  ", "<  /  step", "<step1  :", "<step1", "&lt;", "&lt;  step ", "&amp;", "<Step1>",
    "<Key>", "<Step1>a", "</Step1>", "<Key>a</Key>", "&lt;Key&gt;", "<think>", "</think>", "```\n",
    "\n", " ", "a", "\ud83d",
]  # fmt: skip
FRAMES = ["{}", "<Step1> a {}", "<Step1> <Key> {} </Key> </Step1> <Answer> 7 </Answer>", "&lt;Step1&gt; {} "]


def parse_seconds(text: str, parse: Callable[[str], object]) -> float:
    """Processor seconds, the better of two runs: what else the machine does only ever adds."""
    seconds = []
    for _ in range(2):
        start = process_time()
        parse(text)
        seconds.append(process_time() - start)
    return min(seconds)


@pytest.mark.parametrize("frame", FRAMES)
def test_eight_times_the_text_takes_no_more_than_a_linear_parser_would(frame: str) -> None:
    """Quadratic work would take 64 times as long; 24 leaves room for a busy machine. No text reaches `MAX_TAGS`."""
    for unit in UNITS:
        text, eightfold = (frame.format(unit * repeats) for repeats in (300, 2_400))
        short = max(parse_seconds(text, parse_correction), 1e-3)
        assert parse_seconds(eightfold, parse_correction) / short < 24, (frame, unit)


def test_tags_beyond_the_limit_are_not_worked_on() -> None:
    at_limit = "<Step1> a </Step1>" * (MAX_TAGS // 2 - 1) + "<Answer> 7 </Answer>"
    assert parse_thought(at_limit).ok
    assert parse_thought(at_limit + "<Key>").failure == "too_many_tags"


@pytest.mark.slow
@pytest.mark.parametrize("parse", PARSERS)
def test_ten_megabytes_of_anything_take_two_seconds_at_most(parse: Callable[[str], object]) -> None:
    worst = (0.0, "")
    for frame in FRAMES:
        for unit in UNITS:
            text = frame.format(unit * (10_000_000 // len(unit)))
            start = process_time()
            parse(text)
            worst = max(worst, (process_time() - start, f"{frame} of {unit!r}"))
    print(f"{getattr(parse, '__name__', parse)}: worst {worst[0]:.2f} s, {worst[1]}")
    assert worst[0] <= 2.0, worst
