"""Byte-level BPE tokenizers that merge at random, across words and line breaks, as no one would train them."""

from __future__ import annotations

import random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def train_tokenizer(corpus: list[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE that knows no word boundary: it glues line breaks and tags to what stands before them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
        chat_template=CHATML,
    )


def random_steps(rng: random.Random, count: int) -> list[str]:
    """Steps with numbers, signs, LaTeX, other scripts and line breaks."""
    pieces = ("3 + 4 = 7", "x < 3", "\\frac{1}{2}", "é ½ 漢", "so\nthat", "<Key> 2 * 2 = 4 </Key>", "a & b", "12")
    return [" ".join(rng.choices(pieces, k=rng.randint(1, 4))) for _ in range(count)]


def random_tokenizer(rng: random.Random) -> PreTrainedTokenizerFast:
    """Trained on texts like those that it will cut."""
    corpus = ["\n".join(f"<Step{k}> {s} </Step{k}>" for k, s in enumerate(random_steps(rng, 3), 1)) for _ in range(8)]
    return train_tokenizer(corpus, rng.randint(280, 700))
