"""Cross-DPO against TRL's DPOTrainer, on the same token ids and the same reference: the second opinion."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    TrainingArguments,
)
from trl import DPOConfig, DPOTrainer

from supercorrect.config import CrossDPOConfig
from supercorrect.training.completion_logps import share_prefixes, sharing_obstacle
from supercorrect.training.cross_dpo_trainer import CrossDPOTrainer
from supercorrect.training.reference import ReferenceLogps

SHAPE = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 120,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 1,
}
FAMILIES = {
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, {}),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, {"head_dim": 12}),
    "llama": (LlamaConfig, LlamaForCausalLM, {"num_key_value_heads": 4}),
}


@dataclass(frozen=True)
class Ids:
    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


class TrlOnIds(DPOTrainer):
    """TRL, kept from tokenising and from computing the reference itself."""

    def _prepare_dataset(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, *args: Any, **kwargs: Any) -> Dataset:
        return dataset


def make_pairs(shape: str, seed: int) -> list[Ids]:
    """Six pairs of random ids."""
    numbers = random.Random(seed)

    def ids(low: int, high: int) -> list[int]:
        return [numbers.randrange(2, 120) for _ in range(numbers.randint(low, high))]

    if shape == "ragged":
        return [Ids(ids(1, 60), ids(1, 25), ids(1, 25)) for _ in range(6)]
    problem, other = ids(30, 40), ids(20, 30)
    if shape == "one prompt":
        return [Ids(problem, ids(2, 20), ids(2, 20)) for _ in range(6)]
    step = ids(8, 12)  # "steps": two problems, right steps of different lengths, sides that begin alike
    prompts = [problem, problem + step, problem + step + ids(5, 9), problem + ids(4, 8), other, other + ids(30, 40)]
    opening = ids(3, 3)
    return [Ids(prompt, opening + ids(1, 15), opening + ids(1, 15)) for prompt in prompts]


def make_model(family: str, *, lora: bool, attention: str = "sdpa") -> Any:
    config_class, model_class, extra = FAMILIES[family]
    torch.manual_seed(0)
    model = model_class(config_class(**(SHAPE | extra)))
    if attention != "sdpa":
        share_prefixes(model)
    if not lora:
        return model
    torch.manual_seed(1)
    model = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at first: then half of the gradients would be zero too
            torch.nn.init.normal_(parameter, std=0.05)
    return model


def step_of(trainer: Any, batch: Any, *arguments: Any) -> tuple[float, dict[str, torch.Tensor]]:
    model = trainer.model
    model.train()
    loss = trainer.compute_loss(model, batch, *arguments)
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return loss.item(), gradients


def trl_step(model: Any, pairs: list[Ids], reference: ReferenceLogps, folder: Path, **options: Any) -> Any:
    vocabulary = {str(i): i for i in range(120)}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel(vocabulary, "0")))
    tokenizer.pad_token, tokenizer.eos_token = "0", "1"
    rows = [
        vars(pair) | {"ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
        for pair, chosen, rejected in zip(pairs, reference.ref_chosen_logps, reference.ref_rejected_logps, strict=True)
    ]
    arguments = DPOConfig(
        str(folder),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        max_length=None,
        precompute_ref_log_probs=True,
        report_to="none",
        **options,
    )
    trainer = TrlOnIds(model=model, args=arguments, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    return step_of(trainer, trainer.data_collator(rows))


def our_step(
    model: Any, pairs: list[Ids], reference: ReferenceLogps, folder: Path, *, share: bool, **options: Any
) -> Any:
    trainer = CrossDPOTrainer(
        train_dataset=pairs,
        reference=reference,
        config=CrossDPOConfig(**options),
        share=share,
        model=model,
        args=TrainingArguments(str(folder), use_cpu=True, report_to="none", per_device_train_batch_size=len(pairs)),
    )
    batches, counts = trainer.get_batch_samples(iter([trainer.train_dataset]), 1, torch.device("cpu"))
    return step_of(trainer, batches[0], False, counts)


@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize("shape", ["ragged", "one prompt", "steps"])
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradients_are_those_of_trl(family: str, shape: str, lora: bool, tmp_path: Path) -> None:
    pairs = make_pairs(shape, seed=len(shape))
    reference = ReferenceLogps("", [-80.0 - i for i in range(6)], [-70.0 + 2 * i for i in range(6)])
    options = {"beta": 0.1}
    trl_loss, trl_gradients = trl_step(make_model(family, lora=lora), pairs, reference, tmp_path, **options)
    for attention, share in (("tree", True), ("sdpa", False)):
        model = make_model(family, lora=lora, attention=attention)
        loss, gradients = our_step(model, pairs, reference, tmp_path, share=share, **options)
        assert abs(loss - trl_loss) <= 1e-5
        assert gradients.keys() == trl_gradients.keys()
        apart = max((gradients[name] - trl_gradients[name]).abs().max() for name in gradients)
        largest = max(gradient.abs().max() for gradient in trl_gradients.values())
        assert apart <= 2e-5
        assert apart <= 1e-4 * largest  # 2e-5 alone would say little about small gradients


def test_the_sft_term_is_that_of_trl(tmp_path: Path) -> None:
    pairs = make_pairs("steps", seed=3)
    reference = ReferenceLogps("", [-80.0] * 6, [-80.0] * 6)
    trl = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.2], "beta": 0.3}
    ours = {"chosen_sft_weight": 0.2, "beta": 0.3}
    trl_loss, trl_gradients = trl_step(make_model("qwen2", lora=False), pairs, reference, tmp_path, **trl)
    model = make_model("qwen2", lora=False, attention="tree")
    loss, gradients = our_step(model, pairs, reference, tmp_path, share=True, **ours)
    assert abs(loss - trl_loss) <= 1e-5
    assert max((gradients[name] - trl_gradients[name]).abs().max() for name in gradients) <= 2e-5


def test_no_family_here_has_an_obstacle() -> None:
    assert [sharing_obstacle(make_model(family, lora=False)) for family in FAMILIES] == [None, None, None]
