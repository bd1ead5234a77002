"""Train the sandbox's base student from nothing: `make sandbox-base`.

A stock Qwen3 of 0.45 M parameters with plain attention. Muon for its matrices, AdamW for the rest; two phases (see
`pretraining.curriculum`); about ten minutes on one idle core. It is gated: a student that cannot copy or compute single
facts would make every later figure meaningless. Larger ones want a GPU: `--size 30m --output runs/student_30m`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from supercorrect.sandbox.gate import GATE, measure_gate
from supercorrect.sandbox.language import ORDINALS
from supercorrect.sandbox.pretraining import Example, curriculum
from supercorrect.sandbox.tokenizer import build_tokenizer
from supercorrect.store import write_json_atomic, write_text_atomic

SEED = 0
FIRST_PHASE, SECOND_PHASE = 24_000, 62_000
BATCH_SIZE = 32
WARMUP_STEPS, DECAY_SHARE, FLOOR = 20, 0.4, 0.02
GATE_EVERY_STEPS = 200
IGNORED = -100


@dataclass(frozen=True)
class Size:
    """The measures of a student; its heads are of 32."""

    hidden: int
    intermediate: int
    layers: int
    learning_rate: float


SIZES = {
    "0.45m": Size(96, 256, 4, 5e-3),
    "30m": Size(512, 1536, 8, 3e-3),
    "100m": Size(896, 2688, 10, 2e-3),
}
"""By their count of parameters. The smallest is shipped; rates of the others are guesses until a GPU has tried them."""
SHIPPED = "0.45m"
HEAD_DIM = 32

Row = tuple[list[int], list[int]]  # token ids, and the same with IGNORED where no loss falls


def build_model(tokenizer: Any, size: Size = SIZES[SHIPPED]) -> Any:
    """An untrained student, with tied embeddings."""
    from transformers import AutoModelForCausalLM, Qwen3Config

    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=size.hidden,
        intermediate_size=size.intermediate,
        num_hidden_layers=size.layers,
        num_attention_heads=size.hidden // HEAD_DIM,
        num_key_value_heads=size.hidden // HEAD_DIM,
        head_dim=HEAD_DIM,
        max_position_embeddings=640,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return AutoModelForCausalLM.from_config(config)


def encode(tokenizer: Any, example: Example) -> Row:
    """An example as tokens, with labels on its completion (or on what is decided in it) alone."""
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": example.prompt}], add_generation_prompt=True, return_dict=False
    )
    prompt = prompt + tokenizer(example.begun)["input_ids"] if example.begun else prompt
    completion = tokenizer(example.completion)["input_ids"] + ([tokenizer.eos_token_id] if example.closed else [])
    ids = prompt + completion
    labels = [IGNORED] * len(prompt) + completion
    return ids, mask_choices(tokenizer, ids, labels) if example.decided_only else labels


def mask_choices(tokenizer: Any, ids: list[int], labels: list[int]) -> list[int]:
    """Labels left on what follows an `=`, and on a move behind its ordinal; the rest could have been anything."""
    equals, separator = tokenizer.convert_tokens_to_ids([" =", ";"])
    ordinals = set(tokenizer.convert_tokens_to_ids([f" {word}" for word in ORDINALS]))
    masked, called_up = [], False
    for i, label in enumerate(labels):
        called_up = called_up and label != IGNORED and ids[i] != separator
        masked.append(label if called_up or (i and ids[i - 1] == equals) else IGNORED)
        called_up = called_up or ids[i] in ordinals
    return masked


def make_batches(rows: Sequence[Row], rng: random.Random) -> list[list[Row]]:
    """Random batches of similar length."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), BATCH_SIZE * 16):
        chunk = sorted(order[start : start + BATCH_SIZE * 16], key=lambda i: len(rows[i][0]))
        batches += [[rows[i] for i in chunk[k : k + BATCH_SIZE]] for k in range(0, len(chunk), BATCH_SIZE)]
    rng.shuffle(batches)
    return batches


def batch_loss(model: Any, batch: Sequence[Row], pad_id: int) -> Tensor:
    """Mean cross-entropy over the labelled tokens of a right-padded batch (causal attention never sees the padding)."""
    width = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([row + [pad_id] * (width - len(row)) for row, _ in batch], device=model.device)
    labels = torch.tensor([row + [IGNORED] * (width - len(row)) for _, row in batch], device=model.device)[:, 1:]
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    counted = labels != IGNORED
    return functional.cross_entropy(model.lm_head(hidden[counted]), labels[counted])


def build_optimizers(model: Any, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=learning_rate, momentum=0.95, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def train(model: Any, tokenizer: Any, learning_rate: float) -> list[dict[str, Any]]:
    """Train in place.

    Returns:
        The learning curve: step, mean loss, and the gate's measures.
    """
    rng = random.Random(SEED)
    batches = []
    for phase in curriculum(rng, FIRST_PHASE, SECOND_PHASE):
        batches.append([encode(tokenizer, example) for example in phase])
    steps = [batch for rows in batches for batch in make_batches(rows, rng)]
    optimizers = build_optimizers(model, learning_rate)
    curve: list[dict[str, Any]] = []
    mean_loss, begun = 0.0, time.monotonic()
    for step, batch in enumerate(steps, start=1):
        loss = batch_loss(model, batch, tokenizer.pad_token_id)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        factor = min(1, step / WARMUP_STEPS) * min(1, max(FLOOR, (1 - (step - 1) / len(steps)) / DECAY_SHARE))
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * factor
            optimizer.step()
            optimizer.zero_grad()
        mean_loss = loss.item() if step == 1 else 0.97 * mean_loss + 0.03 * loss.item()
        if step % GATE_EVERY_STEPS == 0 or step == len(steps):
            curve.append({"step": step, "loss": round(mean_loss, 4), **measure_gate(model, tokenizer)})
            sys.stderr.write(f"{step}/{len(steps)} {time.monotonic() - begun:.0f} s {curve[-1]}\n")
    return curve


def main() -> int:
    """Train, gate, and write the student: the shipped one, unless told otherwise."""
    parser = argparse.ArgumentParser(prog="supercorrect.sandbox.base_training", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default=SHIPPED, help="count of parameters")
    shipped = Path(str(files("supercorrect.sandbox") / "base_student"))
    parser.add_argument("--output", type=Path, default=shipped, help="the student's folder; default: the shipped one's")
    options = parser.parse_args()
    if options.size != SHIPPED and options.output == shipped:
        parser.error(f"--size {options.size}: expected --output beside it; only the student of {SHIPPED} is shipped")
    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the same sums on every machine
    tokenizer = build_tokenizer()
    size = SIZES[options.size]
    model = build_model(tokenizer, size).to("cuda" if torch.cuda.is_available() else "cpu")
    curve = train(model, tokenizer, size.learning_rate)
    missed = [f"{name}: {curve[-1][name]} (gate {bound})" for name, bound in GATE.items() if curve[-1][name] < bound]
    if missed:
        sys.stderr.write(f"gate not passed, {options.output} stays as it was: {'; '.join(missed)}\n")
        return 1
    write_student(model, tokenizer, curve, options.output)
    return 0


def write_student(model: Any, tokenizer: Any, curve: list[dict[str, Any]], folder: Path) -> None:
    """Weights, tokenizer, learning curve and card."""
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_json_atomic(folder / "learning_curve.json", curve)
    card = (files("supercorrect.sandbox") / "base_student_card.md").read_text(encoding="utf-8")
    write_text_atomic(folder / "README.md", card.replace("{gate}", json.dumps(curve[-1])))


if __name__ == "__main__":
    sys.exit(main())
