"""What the base student must be able to do before anything else is measured on it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import torch

from supercorrect.formats import split_steps
from supercorrect.sandbox.language import HOURS, SIMPLE_MOVES, TRICKY_MOVES, Chain, compute, make_chain
from supercorrect.sandbox.pretraining import Example, check_work_out, work_out

GATE = {"facts": 0.98, "copied": 0.98, "simple_moves": 0.98, "work_outs": 0.95, "format": 0.98}
PROBES = 240


def measure_gate(model: Any, tokenizer: Any) -> dict[str, float]:
    """Shares of right facts, work-outs, checks of them, copied step heads, simple moves, and tricky moves in one go."""
    model.eval()
    measures = {"facts": _facts(model, tokenizer)}
    for name, make in (("work_outs", work_out), ("checks", check_work_out)):
        measures[name] = _answered(model, tokenizer, make)
    measures |= _solutions(model, tokenizer)
    model.train()
    return {name: round(value, 4) for name, value in measures.items()}


def _facts(model: Any, tokenizer: Any) -> float:
    facts = [(left, name, right) for name in SIMPLE_MOVES for left in range(HOURS) for right in range(HOURS)]
    rows = [_prompt(tokenizer, "Recite") + tokenizer(f" {a} {n} {b} =")["input_ids"] for a, n, b in facts]
    with torch.inference_mode():
        answers = model(torch.tensor(rows, device=model.device)).logits[:, -1].argmax(-1).tolist()
    right = [str(tokenizer.decode([t])) == f" {compute(*fact)}" for t, fact in zip(answers, facts, strict=True)]
    return sum(right) / len(right)


def _answered(model: Any, tokenizer: Any, make: Callable[[random.Random], Example]) -> float:
    rng = random.Random(7)
    examples = [make(rng) for _ in range(PROBES)]
    texts = _complete(model, tokenizer, [e.prompt for e in examples], 40)
    return sum(t == e.completion for t, e in zip(texts, examples, strict=True)) / PROBES


def _solutions(model: Any, tokenizer: Any) -> dict[str, float]:
    """Each step is judged from where the student itself stands, so one wrong result does not count twice."""
    chains = [make_chain(random.Random(10**6 + i)) for i in range(PROBES)]
    texts = _complete(model, tokenizer, [f"Solve: {chain.text}" for chain in chains], 160)
    measured = ("copied", "simple_moves", *(f"{kind}_in_one_go" for kind in TRICKY_MOVES), "format")
    tallies: dict[str, list[bool]] = {name: [] for name in measured}
    for chain, text in zip(chains, texts, strict=True):
        steps = [span.text for span in split_steps(text)]
        tallies["format"].append(len(steps) == len(chain.moves) and text.endswith("</Answer>"))
        _tally_steps(chain, steps, tallies)
    return {name: sum(tally) / max(1, len(tally)) for name, tally in tallies.items()}


def _tally_steps(chain: Chain, steps: Sequence[str], tallies: dict[str, list[bool]]) -> None:
    value = chain.start
    for index, (move, text) in enumerate(zip(chain.moves, steps, strict=False)):
        copied = text.startswith(f"{chain.step_head(index, value)} ")
        tallies["copied"].append(copied)
        if copied:
            kind = f"{move.name}_in_one_go" if move.is_tricky else "simple_moves"
            tallies[kind].append(text == chain.step(index, with_key=False, value=value))
        result = text.rsplit(" ", 1)[-1]
        if not result.isdigit():
            return
        value = int(result)


def _prompt(tokenizer: Any, message: str) -> list[int]:
    messages = [{"role": "user", "content": message}]
    return list(tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False))


def _complete(model: Any, tokenizer: Any, messages: Sequence[str], max_new_tokens: int) -> list[str]:
    batch = tokenizer.pad({"input_ids": [_prompt(tokenizer, message) for message in messages]}, return_tensors="pt")
    with torch.inference_mode():
        rows = model.generate(**batch.to(model.device), max_new_tokens=max_new_tokens, do_sample=False)
    return [tokenizer.decode(row, skip_special_tokens=True) for row in rows[:, batch["input_ids"].shape[1] :]]
