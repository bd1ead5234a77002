"""A student for the cup game, made here from nothing in a few minutes, since no language model is this small.

It learns to follow games of one to four swaps, a step a swap. Longer games and keys are left for the teacher to teach.
With a real student this file falls away: any instruct model can be named in the recipe.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM, Qwen3Config

from cups import CUPS, make_game
from supercorrect.formats import render_steps
from supercorrect.sandbox.tokenizer import SPECIAL, build_tokenizer
from teacher import GENERALIZED

STEPS, BATCH_SIZE, LEARNING_RATE = 500, 32, 2e-3
IGNORED = -100
WORDS = "Solve Check The ball is under Swap and Where the so it moves not there . ? " + " ".join(CUPS)
TAGS = ("Key", "Cause", "Correction", "Generalized", "Answer", *(f"Step{k}" for k in range(1, 10)))


def vocabulary() -> list[str]:
    """Every token: words and tags, each bare and with the space or line break that can stand before it."""
    words = [*WORDS.split(), *GENERALIZED.split()]
    tags = [f"<{slash}{tag}>" for tag in TAGS for slash in ("", "/")]
    tokens = [*SPECIAL, *words, *(f" {word}" for word in (*words, *tags)), *tags, *(f"\n{tag}" for tag in tags)]
    return list(dict.fromkeys(tokens))


def make_student(tokenizer: Any) -> Any:
    """An untrained student: 3 layers of 96."""
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=24,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return AutoModelForCausalLM.from_config(config)


def example(tokenizer: Any, rng: random.Random) -> tuple[list[int], list[int]]:
    """A short game and its solution: token ids, and labels on the solution alone."""
    game = make_game(rng, 1, 4)
    messages = [{"role": "user", "content": f"Solve {game.text}"}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    solution = f"{render_steps(game.steps)}\n<Answer> {game.answer} </Answer>"
    answer = tokenizer(solution)["input_ids"] + [tokenizer.eos_token_id]
    return prompt + answer, [IGNORED] * len(prompt) + answer


def train(model: Any, tokenizer: Any) -> None:
    """Train in place; how far it is goes to stderr."""
    rng = random.Random(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS, pct_start=0.2)
    for step in range(1, STEPS + 1):
        rows = [example(tokenizer, rng) for _ in range(BATCH_SIZE)]
        width = max(len(ids) for ids, _ in rows)
        ids = torch.tensor([row + [tokenizer.pad_token_id] * (width - len(row)) for row, _ in rows])
        labels = torch.tensor([row + [IGNORED] * (width - len(row)) for _, row in rows])
        logits = model(input_ids=ids).logits[:, :-1]
        loss = functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            sys.stderr.write(f"step {step} of {STEPS}: loss {loss.item():.3f}\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    tokenizer = build_tokenizer(vocabulary())
    student = make_student(tokenizer)
    train(student, tokenizer)
    student.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
