"""What holds for every record and for every text: round trip, no exception, one cause, a stable second reading."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supercorrect.formats import (
    FAILURES,
    REPAIRS,
    ParseResult,
    parse_correction,
    parse_step_review,
    parse_thought,
    render_correction,
    render_steps,
    render_thought,
    split_steps,
)
from supercorrect.formats.tags import scan_tags
from supercorrect.records import CorrectedStep, ParsedCorrection, ParsedThought, ThoughtStep

QUICK = settings(max_examples=80, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
LATEX = [
    r"$x < 3$", r"$0<x<3$", r"\begin{align*} a &= b \\ c &< d \end{align*}", r"$\frac{1}{2}$", r"a & b \\", "<b>",
    "&lt;Step1&gt;", "&amp;", "x<Step", "</", "<", ">", "<Key <Step", "```", "\n", "\n\n", "Thus", "é∑√", "７",
]  # fmt: skip


def plain_texts() -> st.SearchStrategy[str]:
    """Texts without a tag; an escaped one is none, as the whole has plain ones."""
    words = st.sampled_from(LATEX) | st.text("ab1 =+^_{}$&;/:\\\n\u212a", max_size=6)
    texts = st.lists(words, min_size=1, max_size=5).map(" ".join).map(str.strip)
    return texts.filter(lambda text: bool(text) and len(scan_tags(f"<Key>{text}").tags) == 1)


@st.composite
def keyed_texts(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    """A text with key passages in it, and those passages."""
    pieces, keys = [draw(plain_texts())], []
    for key in draw(st.lists(plain_texts(), max_size=2)):
        pieces += [f"<Key> {key} </Key>", draw(plain_texts())]
        keys.append(key)
    return " ".join(pieces), tuple(keys)


KEYED = keyed_texts().map(lambda pair: pair[0])
THOUGHT_STEPS = keyed_texts().map(lambda pair: ThoughtStep(text=pair[0], keys=pair[1]))
THOUGHTS = st.builds(
    ParsedThought,
    steps=st.lists(THOUGHT_STEPS, min_size=1, max_size=3).map(tuple),
    generalized=st.none() | plain_texts(),
    answer=plain_texts(),
)
STEP_LISTS = st.lists(
    st.builds(CorrectedStep, text=KEYED, cause=st.none() | KEYED, correction=st.none() | KEYED), min_size=1, max_size=3
)


@given(THOUGHTS)
@QUICK
def test_a_written_thought_is_read_back_equal_and_unrepaired(thought: ParsedThought) -> None:
    assert parse_thought(render_thought(thought)) == ParseResult(thought)


@given(STEP_LISTS, st.none() | plain_texts())
@QUICK
def test_a_written_trace_is_read_back_equal_and_unrepaired(steps: list[CorrectedStep], answer: str | None) -> None:
    faulted = [k for k, step in enumerate(steps, 1) if (step.cause, step.correction) != (None, None)]
    trace = ParsedCorrection(steps=tuple(steps), answer=answer, first_error_step=faulted[0] if faulted else None)
    assert parse_correction(render_correction(trace)) == ParseResult(trace)


@given(st.lists(KEYED, max_size=6))
@QUICK
def test_written_steps_are_cut_at_their_own_boundaries(steps: list[str]) -> None:
    text = render_steps(steps)
    spans = split_steps(text)
    assert [span.text for span in spans] == steps
    assert "\n".join(text[start:end] for _, start, end in spans) == text


@given(st.text(max_size=200))
@QUICK
def test_any_unicode_text_is_survived(text: str) -> None:
    check_text(text)


NAMES = ["Step1", "Step2", "Step3", "Step", "Generalized", "Answer", "Key", "Cause", "Correction"]
FRAGMENTS = [
    *(f"<{name}>" for name in NAMES for _ in range(3)), *(f"</{name}>" for name in NAMES for _ in range(3)),
    "<step 1:>", "< /Step_2 >", "<KEY>", "</ cause >", "<Answer:>", "&lt;Step1&gt;", "&lt;/Step1&gt;", "&lt;Answer>",
    "<Step", "1>", "<", "</", ">", ":", "&lt;", "&gt;", "&amp;", "Ans", "wer>", "Key", "```", "\n```\n", "\n", " ",
    "\t", "<think>", "</think>", "a", "b", "7", "$x < 3$", r"a & b \\", "\ud83d", "\ude00", "\x00", "\x1c", "\u2028",
]  # fmt: skip


def check_text(text: str) -> None:
    """Assert what holds for every text, whatever it is."""
    for parse, render in ((parse_thought, render_thought), (parse_correction, render_correction)):
        result: ParseResult[ParsedThought | ParsedCorrection] = parse(text)
        assert result.ok == (result.failure is None) == (result.record is not None)
        assert result.failure is None or result.failure in FAILURES
        assert list(result.repairs) == [code for code in REPAIRS if code in result.repairs]
        if result.record is not None:
            assert parse(render(result.record)) == ParseResult(result.record)
    trace = parse_correction(text).record
    assert trace is None or trace.first_error_step in (None, *range(1, len(trace.steps) + 1))
    check_spans(text)
    parse_step_review(text)


def check_spans(text: str) -> None:
    """Assert that the spans are in order, apart, and the steps that `parse_thought` reads (but for one cut off)."""
    spans = split_steps(text)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges) and all(0 <= edge <= len(text) for edge in edges)
    assert all(span.start < span.end for span in spans)
    thought = parse_thought(text).record
    if thought is not None:
        steps = [step.text for step in thought.steps]
        assert [span.text for span in spans] in (steps, steps[:-1])


def fuzz(cases: int, seed: int) -> None:
    print(f"fuzz seed {seed}, {cases} cases")
    chance = random.Random(seed)
    for case in range(cases):
        text = "".join(chance.choices(FRAGMENTS, k=chance.randint(0, 40)))
        try:
            check_text(text)
        except Exception as error:
            raise AssertionError(f"seed {seed}, case {case}: {text!r}") from error


def test_no_soup_of_tags_breaks_the_parsers() -> None:
    fuzz(2_000, seed=241009008)


@pytest.mark.slow
def test_no_soup_of_tags_breaks_the_parsers_in_many_cases() -> None:
    fuzz(100_000, seed=random.SystemRandom().randrange(2**32))
