"""Which models can share prefixes, and what the two forms agree on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from supercorrect.training.batch_order import ProblemSampler
from supercorrect.training.completion_logps import (
    PackedTrees,
    PaddedRows,
    TokenSequence,
    share_prefixes,
    sharing_obstacle,
)

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 64,
    "pad_token_id": 0,
}
OBSTACLES = {
    "lfm2": ("lfm2", {"layer_types": ["conv", "full_attention"]}, "conv"),
    "mamba2": ("mamba2", {"num_heads": 4, "n_groups": 1, "state_size": 8, "expand": 2}, "linear_attention"),
    "mistral": ("mistral", {"sliding_window": 16}, "sliding window"),
    "qwen2 with windows": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1},
        "sliding_attention",
    ),
    "gpt_oss": ("gpt_oss", {"num_local_experts": 2, "num_experts_per_tok": 1}, "sliding_attention"),
    "gpt_oss without windows": (
        "gpt_oss",
        {
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "layer_types": ["full_attention"] * 2,
            "sliding_window": None,
        },
        "sinks",
    ),
    "falcon_h1": ("falcon_h1", {}, "hybrid"),
    "a key of a state-space layer": ("qwen2", {"mamba_d_state": 8}, "state along the row (mamba_d_state)"),
    "gemma2": ("gemma2", {"layer_types": ["full_attention"] * 2, "sliding_window": None}, "capped"),
}


def make_model(kind: str, options: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**(SMALL | options)))


@pytest.mark.parametrize("kind, options, reason", OBSTACLES.values(), ids=OBSTACLES)
def test_models_that_cannot_share_are_recognised(kind: str, options: dict[str, Any], reason: str) -> None:
    assert reason in str(sharing_obstacle(make_model(kind, options)))


@pytest.mark.parametrize("kind", ["qwen2", "qwen3", "llama", "mistral"])
def test_models_that_can_share_do(kind: str) -> None:
    assert sharing_obstacle(make_model(kind, {"sliding_window": None})) is None


MODELS = [make_model("qwen2", {}).eval() for _ in range(2)]
share_prefixes(MODELS[1])


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 3), min_size=1, max_size=12), st.lists(st.integers(1, 63), min_size=1, max_size=9)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_both_forms_give_the_same_log_probabilities(rows: list[tuple[list[int], list[int]]]) -> None:
    sequences = [TokenSequence(prompt, completion) for prompt, completion in rows]
    padded, packed = MODELS
    with torch.no_grad():
        expected = PaddedRows(sequences).logps(padded, torch.device("cpu"))
        found = PackedTrees(sequences).logps(packed, torch.device("cpu"))
    assert torch.allclose(found, expected, atol=1e-4)


def test_the_loss_covers_exactly_the_completion() -> None:
    """Against a sum over the plain model's own log-softmax, one sequence at a time."""
    model = make_model("qwen2", {}).eval()
    sequence = TokenSequence([5, 6, 7], [8, 9, 1])
    with torch.no_grad():
        scores = model(input_ids=torch.tensor([sequence.token_ids])).logits[0].log_softmax(dim=-1)
        expected = scores[2, 8] + scores[3, 9] + scores[4, 1]
        found = PaddedRows([sequence, TokenSequence([2], [3])]).logps(model, torch.device("cpu"))[0]
    assert found.item() == pytest.approx(expected.item(), abs=1e-5)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(1, 8), st.integers(0, 3))
def test_each_epoch_visits_every_pair_once_in_an_order_of_its_own(
    problems: list[int], batch_size: int, epoch: int
) -> None:
    first, second = (ProblemSampler(problems, batch_size=batch_size, seed=1) for _ in range(2))
    first.set_epoch(epoch)
    second.set_epoch(epoch)
    assert list(first) == list(second)
    assert sorted(first) == list(range(len(problems)))


def test_pairs_of_a_problem_meet_in_one_batch() -> None:
    problems = [number % 30 for number in range(90)]
    order = list(ProblemSampler(problems, batch_size=8, seed=0))
    batches = [order[i : i + 8] for i in range(0, 90, 8)]
    together = sum(len(batch) - len({problems[i] for i in batch}) for batch in batches)
    assert together >= 50  # of 60 places where a pair can stand behind another of its problem
