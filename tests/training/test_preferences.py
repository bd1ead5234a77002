"""A user's own preference set, in TRL's columns: the tokens and the losses are TRL's."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import LlamaConfig, LlamaForCausalLM, TrainingArguments
from trl import DPOConfig, DPOTrainer

from random_tokenizers import random_steps, random_tokenizer
from supercorrect.config import CrossDPOConfig
from supercorrect.errors import TrainingDataError
from supercorrect.training.cross_dpo_trainer import CrossDPOTrainer
from supercorrect.training.preferences import as_token_pairs

STEPS = 3
TOKENIZER = random_tokenizer(random.Random(3))
SHAPE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def rows(kind: str, seed: int = 0) -> list[dict[str, Any]]:
    """Four pairs about two problems, as text or as conversations, with the prompt apart or in both sides."""
    draw = random.Random(seed)
    made = []
    for number in range(4):
        prompt = f"Problem {number // 2}: " + random_steps(random.Random(number // 2), 1)[0]
        chosen, rejected = (f" {draw.randrange(90)} {step}" for step in random_steps(draw, 2))
        row: dict[str, Any] = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
        if "conversation" in kind:
            roles = {"prompt": "user", "chosen": "assistant", "rejected": "assistant"}
            row = {name: [{"role": roles[name], "content": text}] for name, text in row.items()}
        if "implicit" in kind:
            asked = row.pop("prompt")
            row = {name: asked + side for name, side in row.items()}
        made.append(row)
    return made


def make_model() -> Any:
    torch.manual_seed(0)
    ids = {"vocab_size": len(TOKENIZER), "eos_token_id": TOKENIZER.eos_token_id, "bos_token_id": None}
    return LlamaForCausalLM(LlamaConfig(**SHAPE, **ids))


def arguments(kind: type[TrainingArguments], folder: Path, **more: Any) -> Any:
    """The same training for both: every step takes all pairs, so that their order does not matter."""
    return kind(
        str(folder),
        use_cpu=True,
        report_to="none",
        per_device_train_batch_size=4,
        max_steps=STEPS,
        learning_rate=1e-3,
        logging_steps=1,
        max_grad_norm=1.0,
        save_strategy="no",
        disable_tqdm=True,
        bf16=False,
        **more,
    )


def losses(trainer: Any) -> list[float]:
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.mark.parametrize("kind", ["text", "conversation", "implicit text", "implicit conversation"])
def test_losses_are_those_of_trl(kind: str, tmp_path: Path) -> None:
    TOKENIZER.pad_token = TOKENIZER.eos_token
    theirs = DPOTrainer(
        model=make_model(),
        ref_model=make_model(),
        args=arguments(DPOConfig, tmp_path, beta=0.3, max_length=None),
        train_dataset=Dataset.from_list(rows(kind)),
        processing_class=TOKENIZER,
    )
    ours = CrossDPOTrainer(
        model=make_model(),
        args=arguments(TrainingArguments, tmp_path),
        train_dataset=rows(kind),
        processing_class=TOKENIZER,
        config=CrossDPOConfig(beta=0.3),
    )
    ids = [[list(row[name]) for name in ("prompt_ids", "chosen_ids", "rejected_ids")] for row in theirs.train_dataset]
    assert ids == [[r.pair.prompt_ids, r.pair.chosen_ids, r.pair.rejected_ids] for r in ours.train_dataset]
    expected = losses(theirs)
    assert len(set(expected)) == STEPS  # it learns something, so later steps compare gradients too
    assert losses(ours) == pytest.approx(expected, abs=1e-5)


def test_a_data_set_and_ids_do_as_well() -> None:
    pairs = as_token_pairs(rows("text"), TOKENIZER)
    assert as_token_pairs(Dataset.from_list(rows("text")), TOKENIZER) == pairs
    assert as_token_pairs([vars(pair) for pair in pairs], None) == pairs
    assert as_token_pairs(pairs, None) == pairs


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a", "response": "b"}, "row 1: expected the columns .* got prompt, response"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "row 1 is text: expected a tokenizer"),
    ],
)
def test_what_is_no_preference_is_refused(row: dict[str, str], message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        as_token_pairs([row], None)
