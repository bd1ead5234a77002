"""One Cross-DPO step (loss and gradients) with shared prefixes, beside two rows a pair and beside TRL's DPOTrainer.

    python benchmarks/cross_dpo_step.py [--json OUT] [--pairs RUN/pairs/train.jsonl]

One process; rounds interleaved, so that each round sees the same machine; medians of per-round ratios. On a CPU one
thread works and its CPU time is taken, which other load hardly moves. All three get the same token ids and a reference
computed before. The fair baseline is `two rows`: the same code, with the head on completions only, sharing nothing.
TRL's column also has its head on all positions (it does that on CPUs only) and its metrics.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, TrainingArguments
from transformers.utils import logging
from trl import DPOConfig, DPOTrainer

from supercorrect.config import CrossDPOConfig
from supercorrect.training.completion_logps import PackedTrees, share_prefixes
from supercorrect.training.cross_dpo_trainer import CrossDPOTrainer
from supercorrect.training.reference import ReferenceLogps, pair_sequences

SHAPES = {  # hidden, intermediate, layers, heads, key heads, vocabulary
    "small": (256, 1024, 4, 4, 4, 2000),
    "0.5b": (896, 4864, 24, 14, 2, 151936),
    "7b": (3584, 18944, 28, 28, 4, 152064),
}
FORMS = ("shared", "two rows", "trl")
Step = Callable[[], float]


@dataclass(frozen=True)
class Pair:
    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


class TrlOnIds(DPOTrainer):
    """TRL on ready ids and a ready reference."""

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset


def random_pairs(count: int, pairs_a_prompt: int, vocabulary: int, prompt: int = 512) -> list[Pair]:
    """Prompts of `prompt` tokens, completions of 64 to 128."""
    numbers = random.Random(0)

    def ids(length: int) -> list[int]:
        return [numbers.randrange(2, vocabulary) for _ in range(length)]

    prompts = [ids(prompt) for _ in range(count // pairs_a_prompt)]
    return [
        Pair(p, ids(numbers.randint(64, 128)), ids(numbers.randint(64, 128)))
        for p in prompts
        for _ in range(pairs_a_prompt)
    ]


def build_steps(model: Any, pairs: list[Any], arguments: dict[str, Any], folder: str) -> dict[str, Step]:
    """A step of each form, on a copy of the model."""
    scores = [-100.0] * len(pairs)
    steps: dict[str, Step] = {}
    for form in ("shared", "two rows"):
        policy = copy.deepcopy(model)
        if form == "shared":
            share_prefixes(policy)
        trainer = CrossDPOTrainer(
            train_dataset=pairs,
            reference=ReferenceLogps("", scores, scores),
            config=CrossDPOConfig(),
            share=form == "shared",
            model=policy,
            args=TrainingArguments(folder, per_device_train_batch_size=len(pairs), report_to="none", **arguments),
        )
        steps[form] = our_step(trainer)
    rows = [
        {"prompt_ids": list(p.prompt_ids), "chosen_ids": list(p.chosen_ids), "rejected_ids": list(p.rejected_ids)}
        | {"ref_chosen_logps": -100.0, "ref_rejected_logps": -100.0}
        for p in pairs
    ]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"0": 0, "1": 1}, "0")))
    tokenizer.pad_token, tokenizer.eos_token = "0", "1"
    options = DPOConfig(folder, max_length=None, precompute_ref_log_probs=True, report_to="none", **arguments)
    steps["trl"] = trl_step(
        TrlOnIds(copy.deepcopy(model), args=options, train_dataset=Dataset.from_list(rows), processing_class=tokenizer),
        rows,
    )
    return steps


def our_step(trainer: CrossDPOTrainer) -> Step:
    def step() -> float:
        batches, counts = trainer.get_batch_samples(iter([trainer.train_dataset]), 1, trainer.args.device)
        with trainer.compute_loss_context_manager():
            loss = trainer.compute_loss(trainer.model, batches[0], num_items_in_batch=counts)
        return backward(trainer, loss)

    return prepared(trainer, step)


def trl_step(trainer: TrlOnIds, rows: list[dict[str, Any]]) -> Step:
    def step() -> float:
        batch = trainer._prepare_inputs(trainer.data_collator(rows))
        with trainer.compute_loss_context_manager():
            loss = trainer.compute_loss(trainer.model, batch)
        return backward(trainer, loss)

    return prepared(trainer, step)


def prepared(trainer: Any, step: Step) -> Step:
    trainer.model = trainer.accelerator.prepare_model(trainer.model.train())
    if trainer.args.gradient_checkpointing:
        trainer.model.gradient_checkpointing_enable({"use_reentrant": False})
    return step


def backward(trainer: Any, loss: torch.Tensor) -> float:
    trainer.accelerator.backward(loss)
    trainer.model.zero_grad()
    return float(loss.detach())


def seconds(step: Step) -> float:
    """CPU seconds of this process; on a GPU, seconds until it is done."""
    if not torch.cuda.is_available():
        start = time.process_time()
        step()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def saved_mebibytes(step: Step) -> float:
    """What the forward pass keeps for the backward pass, each storage once, no weights. On a GPU: its peak."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        step()
    return sum(t.untyped_storage().nbytes() for t in kept.values() if not isinstance(t, torch.nn.Parameter)) / 2**20


def compare(title: str, model: Any, pairs: list[Any], rounds: int, arguments: dict[str, Any]) -> dict[str, float]:
    """Run all forms, print what they take, and return their ratios."""
    sequences = pair_sequences(pairs)
    tokens = sum(len(s.token_ids) for s in sequences)
    bound = tokens / PackedTrees(sequences).input_ids.shape[1]
    with tempfile.TemporaryDirectory() as folder:
        steps = build_steps(model, pairs, arguments, folder)
        losses = {form: steps[form]() for form in FORMS}
        memory = {form: saved_mebibytes(steps[form]) for form in FORMS}
        times: dict[str, list[float]] = {form: [] for form in FORMS}
        for _ in range(rounds):
            for form in FORMS:
                times[form].append(seconds(steps[form]))
    print(f"\n{title}: {len(pairs)} pairs, {tokens} tokens in two rows, bound {bound:.2f}")
    print(f"{'form':10}{'loss':>10}{'tokens/s':>12}{'memory MiB':>12}{'shared is faster by':>21}")
    ratios = {
        form: statistics.median(t / s for t, s in zip(times[form], times["shared"], strict=True)) for form in FORMS
    }
    for form in FORMS:
        speed = tokens / statistics.median(times[form])
        print(f"{form:10}{losses[form]:10.6f}{speed:12.0f}{memory[form]:12.1f}{ratios[form]:20.2f}x")
    print(f"shared reaches {ratios['two rows'] / bound:.0%} of the bound")
    return {
        "vs_trl": ratios["trl"],
        "vs_two_rows": ratios["two rows"],
        "memory": memory["shared"] / memory["two rows"],
        "bound": bound,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--pairs", type=Path, help="a run's pairs: measured too, with the sandbox's student")
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    logging.set_verbosity_error()
    torch.manual_seed(0)
    on_gpu = torch.cuda.is_available()
    if not on_gpu:
        torch.set_num_threads(1)
    arguments = {"use_cpu": not on_gpu, "bf16": on_gpu, "gradient_checkpointing": on_gpu, "disable_tqdm": True}
    hidden, intermediate, layers, heads, key_heads, vocabulary = SHAPES[options.shape]
    model = Qwen2ForCausalLM(
        Qwen2Config(
            hidden_size=hidden,
            intermediate_size=intermediate,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=key_heads,
            vocab_size=vocabulary,
            dtype=torch.bfloat16 if on_gpu else torch.float32,
        )
    )
    one = compare("one pair a prompt", model, random_pairs(4, 1, vocabulary), options.rounds, arguments)
    four = compare("four pairs a prompt", model, random_pairs(4, 4, vocabulary), options.rounds, arguments)
    figures = {
        "vs_trl": one["vs_trl"],
        "vs_two_rows_1_pair": one["vs_two_rows"],
        "vs_two_rows_4_pairs": four["vs_two_rows"],
        "vs_trl_4_pairs": four["vs_trl"],
        "memory_vs_two_rows": one["memory"],
        "memory_vs_two_rows_4_pairs": four["memory"],
        "bound_1_pair": one["bound"],
        "bound_4_pairs": four["bound"],
    }
    if options.pairs:
        figures |= sandbox_figures(options.pairs, options.rounds, arguments)
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}, indent=2) + "\n", encoding="utf-8")


def sandbox_figures(path: Path, rounds: int, arguments: dict[str, Any]) -> dict[str, float]:
    """The first batch of real pairs, as the trainer orders them, with the sandbox's student."""
    from supercorrect.models.weights import load_model
    from supercorrect.records import Pair as PairRecord
    from supercorrect.store import read_records
    from supercorrect.training.batch_order import ProblemSampler

    pairs = read_records(path, PairRecord)
    order = list(ProblemSampler([p.problem_id for p in pairs], batch_size=24, seed=0))[:24]
    model = load_model("supercorrect.sandbox:base_student")
    found = compare("the sandbox's pairs", model, [pairs[i] for i in order], rounds, arguments)
    return {f"sandbox_{name}": value for name, value in found.items()}


if __name__ == "__main__":
    main()
