"""Tokens: what is sampled with is what is trained on, and a boundary never moves."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_tokenizers import train_tokenizer
from supercorrect.errors import ConfigError
from supercorrect.sandbox.tokenizer import build_tokenizer
from supercorrect.training.rendering import (
    IGNORED_LABEL,
    chat_prompt_ids,
    cut_tokens,
    decode_tokens,
    end_of_turn_id,
    text_ids,
    training_row,
)

CORPUS = [
    "<Step1> 3 + 4 = 7 </Step1>\n<Step2> x < 3 </Step2>\n\n<Answer> 12 </Answer>",
    "Solve it, then say why: é ½ 漢",
]


BYTES = train_tokenizer(CORPUS * 4, 420)
WORDS = build_tokenizer()


@given(message=st.text(min_size=1, max_size=40), completion=st.text(min_size=1, max_size=80))
@settings(max_examples=150, deadline=None)
def test_a_demonstration_begins_with_the_tokens_that_are_sampled_with(message: str, completion: str) -> None:
    row = training_row(BYTES, message, completion)
    prompt = chat_prompt_ids(BYTES, message)
    assert row.input_ids[: len(prompt)] == prompt
    assert row.labels[: len(prompt)] == [IGNORED_LABEL] * len(prompt)
    assert row.labels[len(prompt) :] == row.input_ids[len(prompt) :]
    assert row.input_ids[len(prompt) : -1] == text_ids(BYTES, completion)
    assert row.input_ids[-1] == BYTES.convert_tokens_to_ids("<|im_end|>")


@given(text=st.text(max_size=120), data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_cut_is_a_run_of_first_tokens_that_ends_at_the_boundary(text: str, data: st.DataObject) -> None:
    ids = text_ids(BYTES, text)
    decoded = decode_tokens(BYTES, ids)
    characters = data.draw(st.integers(0, len(decoded)))
    cut = cut_tokens(BYTES, ids, characters)
    if cut is not None:
        assert ids[: len(cut)] == cut
        assert decode_tokens(BYTES, cut)[:characters] == decoded[:characters]
        assert not decode_tokens(BYTES, cut)[characters:].strip()


def test_every_step_boundary_of_a_sandbox_text_can_be_cut() -> None:
    text = "<Step1> 3 first plus 4 = 7 </Step1>\n<Step2> 7 second times 2 = 1 </Step2>\n<Answer> 1 </Answer>"
    ids = text_ids(WORDS, text)
    for boundary in (text.index("\n<Step2>"), text.index("\n<Answer>"), text.index(" </Step2>")):
        cut = cut_tokens(WORDS, ids, boundary)
        assert cut is not None
        assert decode_tokens(WORDS, cut) == text[:boundary]


def test_a_place_inside_a_token_cannot_be_cut() -> None:
    ids = text_ids(WORDS, "<Step1> 3 first")
    assert cut_tokens(WORDS, ids, 3) is None


def test_end_of_turn_is_what_the_template_writes() -> None:
    assert end_of_turn_id(BYTES) == BYTES.convert_tokens_to_ids("<|im_end|>") != BYTES.eos_token_id
    assert end_of_turn_id(WORDS) == WORDS.eos_token_id


def test_a_tokenizer_without_a_chat_template_is_refused() -> None:
    bare = train_tokenizer(CORPUS * 4, 420)
    bare.chat_template = None
    with pytest.raises(ConfigError, match="no chat template"):
        chat_prompt_ids(bare, "x")


def test_cutting_agrees_with_a_walk_over_all_tokens() -> None:
    rng = random.Random(4)
    text = CORPUS[0] * 3
    ids = text_ids(BYTES, text)
    ends = [len(decode_tokens(BYTES, ids[:n])) for n in range(len(ids) + 1)]
    for characters in rng.sample(range(len(text)), 60):
        n = next(n for n, end in enumerate(ends) if end >= characters)
        expected = ids[:n] if not text[characters : ends[n]].strip() else None
        assert cut_tokens(BYTES, ids, characters) == expected
