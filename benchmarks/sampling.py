"""Tokens a second of the embedded engine beside `model.generate()` in batches, greedy, on 512 ragged prompts.

    python benchmarks/sampling.py --json figures.json [--model runs/sandbox/checkpoints/hsft/model]

Both write the same tokens, which is checked. A user's batches are taken in the order of the prompts and padded on the
left, with each of `BATCH_SIZES`; the ratio is to the fastest. Ours are what a stage calls: sorted, stored, shrinking.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.models.stored_sampling import sample_stored
from supercorrect.models.student import Student
from supercorrect.models.transformers_student import TransformersStudent
from supercorrect.models.weights import load_model
from supercorrect.sandbox.language import make_problems
from supercorrect.store import RequestStore
from supercorrect.training.rendering import chat_prompt_ids, text_ids, user_message

PROMPTS = 512
BATCH_SIZES = (32, 128, PROMPTS)
OUR_BATCH_SIZE = 256
MAX_NEW_TOKENS = 200
TEMPLATE = "supercorrect.sandbox:prompts/hierarchical.jinja"
Rows = list[list[int]]


def make_prompts(tokenizer: Any, count: int = PROMPTS) -> Rows:
    """What a run asks the sandbox's student: a problem alone, or with steps of a solution to go on from."""
    rng = random.Random(17)
    rows = []
    for problem in make_problems(count=count, seed=17, split="benchmark"):
        steps = problem.reference_solution.split("; ")
        begun = " ".join(f"{step};" for step in steps[: rng.randrange(len(steps))])
        prompt = chat_prompt_ids(tokenizer, user_message(TEMPLATE, problem=problem.problem))
        rows.append(prompt + text_ids(tokenizer, begun))
    return rows


@torch.inference_mode()
def generate(model: Any, tokenizer: Any, prompts: Rows, batch_size: int) -> Rows:
    """As transformers' documentation has it: pad a batch on the left, generate, cut at the end of the turn."""
    tokenizer.padding_side = "left"
    rows: Rows = []
    for begun in range(0, len(prompts), batch_size):
        batch = tokenizer.pad({"input_ids": prompts[begun : begun + batch_size]}, return_tensors="pt")
        written = model.generate(**batch.to(model.device), max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
        rows += [row[: row.index(tokenizer.eos_token_id) + 1] if tokenizer.eos_token_id in row else row
                 for row in written[:, batch["input_ids"].shape[1] :].tolist()]  # fmt: skip
    return rows


def sample(student: Student, prompts: Rows) -> Rows:
    """As a stage does, into a store of its own."""
    with tempfile.TemporaryDirectory() as folder, RequestStore(Path(folder) / "store.sqlite") as store:
        sampling = SamplingConfig(max_new_tokens=MAX_NEW_TOKENS)
        return [list(one.token_ids) for one in sample_stored(student, store, prompts, sampling, seed=0)]


def measure(write: Callable[[], Rows]) -> tuple[float, Rows]:
    """Tokens a second, and the tokens."""
    begun = time.perf_counter()
    rows = write()
    return sum(map(len, rows)) / (time.perf_counter() - begun), rows


def read_options(description: str | None) -> argparse.Namespace:
    """The model, how many rounds, and where figures are written."""
    arguments = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="supercorrect.sandbox:base_student", help="a student's folder")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--json", type=Path, help="write the figures to this file")
    return arguments.parse_args()


def report(figures: dict[str, Any], path: Path | None) -> None:
    """Print the figures, and write them where `--json` says."""
    for name, figure in figures.items():
        print(f"{name:<34}{figure:>10}")
    if path:
        path.write_text(json.dumps({"figures": figures}, indent=2) + "\n")


def main() -> None:
    """Measure in turns, print, and write the figures where `--json` says."""
    options = read_options(__doc__)
    student = TransformersStudent(options.model, StudentConfig(model=options.model, batch_size=OUR_BATCH_SIZE))
    model, prompts = load_model(options.model), make_prompts(student.tokenizer)
    speeds: dict[str, list[float]] = {}
    same = True
    for _ in range(options.rounds):
        speed, ours = measure(lambda: sample(student, prompts))
        speeds.setdefault("ours", []).append(speed)
        for size in BATCH_SIZES:
            speed, theirs = measure(lambda size=size: generate(model, student.tokenizer, prompts, size))
            speeds.setdefault(f"generate_{size}", []).append(speed)
            same = same and ours == theirs
    best = {name: statistics.median(values) for name, values in speeds.items()}
    fastest = max(BATCH_SIZES, key=lambda size: best[f"generate_{size}"])
    ratios = [one / other for one, other in zip(speeds["ours"], speeds[f"generate_{fastest}"], strict=True)]
    figures = {
        "vs_generate": round(statistics.median(ratios), 2),
        "identical_greedy_tokens": same,
        "fastest_batch_size_of_generate": fastest,
        **{f"{name}_tokens_per_second": round(value) for name, value in best.items()},
    }
    report(figures, options.json)


if __name__ == "__main__":
    main()
