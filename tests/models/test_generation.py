"""Generation in shrinking batches writes what `model.generate` writes for each prompt alone."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, DynamicCache, Lfm2Config, MistralConfig, Qwen2Config

from supercorrect.models.generation import ROOM_TOKENS, RoomyLayer, generate_rows

PAD_ID, END_ID, VOCABULARY = 0, 1, 12
GREEDY = {"do_sample": False}
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "pad_token_id": PAD_ID,
    "eos_token_id": END_ID,
}


def build_model(config: Any) -> Any:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    for parameter in model.parameters():
        parameter.data.mul_(4)  # far from ties, so that a batch's rounding decides nothing
    return model


def ragged_prompts(count: int) -> list[list[int]]:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    rng = random.Random(seed)
    return [rng.choices(range(2, VOCABULARY), k=rng.randint(1, 20)) for _ in range(count)]


def has_ended(written: torch.Tensor) -> torch.Tensor:
    return written[:, -1] == END_ID


def cut(row: list[int]) -> list[int]:
    return row[: row.index(END_ID) + 1] if END_ID in row else row


@torch.inference_mode()
def one_by_one(model: Any, prompts: list[list[int]], max_new_tokens: int) -> list[list[int]]:
    rows = [
        model.generate(torch.tensor([p]), max_new_tokens=max_new_tokens, pad_token_id=PAD_ID, **GREEDY)[0]
        for p in prompts
    ]
    return [cut(row[len(p) :].tolist()) for row, p in zip(rows, prompts, strict=True)]


CONFIGS = {
    "full attention": Qwen2Config(**SIZES),
    "sliding window": MistralConfig(**SIZES, sliding_window=8),
    "convolutions, whose rows cannot leave": Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_greedy_rows_are_those_of_generate_one_by_one(config: Any) -> None:
    model, prompts, longest = build_model(config), ragged_prompts(24), ROOM_TOKENS + 10
    with torch.inference_mode():
        rows = generate_rows(model, prompts, has_ended, pad_id=PAD_ID, max_new_tokens=longest, draw=GREEDY)
    lengths = {len(cut(row)) for row in rows}
    assert len(lengths) > 1, "rows that end at different times are what this is about"
    assert [cut(row) for row in rows] == one_by_one(model, prompts, longest)


def test_rows_leave_where_the_caller_says_they_have_ended() -> None:
    model, prompts = build_model(CONFIGS["full attention"]), ragged_prompts(16)
    alone = one_by_one(model, prompts, 30)
    third_is_last = partial(lambda written, count: torch.full((len(written),), written.shape[1] >= count), count=3)
    with torch.inference_mode():
        rows = generate_rows(model, prompts, third_is_last, pad_id=PAD_ID, max_new_tokens=30, draw=GREEDY)
    assert [len(row) for row in rows] == [3] * 16
    assert [cut(row) for row in rows] == [row[:3] for row in alone]


def test_the_same_seed_draws_the_same_tokens() -> None:
    model, prompts = build_model(CONFIGS["full attention"]), ragged_prompts(16)
    draw = {"do_sample": True, "temperature": 1.0, "top_k": 0}
    drawn = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        with torch.inference_mode():
            drawn.append(generate_rows(model, prompts, has_ended, pad_id=PAD_ID, max_new_tokens=20, draw=draw))
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_layer_with_room_holds_what_a_growing_one_holds() -> None:
    generator = torch.Generator().manual_seed(0)
    roomy, growing = DynamicCache(), DynamicCache()
    roomy.layers = [RoomyLayer()]
    rows = 5
    for tokens in (7, *[1] * (ROOM_TOKENS + 3)):
        states = torch.randn(2, rows, 2, tokens, 4, generator=generator)
        ours, theirs = roomy.update(*states, layer_idx=0), growing.update(*states, layer_idx=0)
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
        if roomy.get_seq_length() in (9, 20):
            rows -= 1
            for cache in (roomy, growing):
                cache.batch_select_indices(torch.arange(rows))
