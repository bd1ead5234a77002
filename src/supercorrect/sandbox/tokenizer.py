"""The sandbox student's tokenizer: whole words, each with the space or line break before it: decoding is exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from supercorrect.sandbox.language import GENERALIZED_TRICKY, HOURS, NAMES, ORDINALS, SIMPLE_MOVES, TRICKY_MOVES

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, END, USER, ASSISTANT, UNKNOWN = "<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|unknown|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}" + ASSISTANT + "{{ message['content'] }}" + END + "{% else %}"
    "" + USER + " {{ message['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + ASSISTANT + "{% endif %}"
)
SPECIAL = (PAD, END, USER, ASSISTANT, UNKNOWN)
PATTERN = r"[ \n]?(?:</?[A-Za-z]+[0-9]?>|[A-Za-z]+|[0-9]+|[^\sA-Za-z0-9])"


def vocabulary() -> list[str]:
    """Every token, in order of its id."""
    steps = range(1, len(ORDINALS) + 1)
    spaced = [*map(str, range(HOURS)), *NAMES, *ORDINALS, *SIMPLE_MOVES, *TRICKY_MOVES, "=", "starts", "at", "Where"]
    spaced += [
        "does",
        "end",
        "The",
        "answer",
        "is",
        "Recite",
        "Work",
        "Solve",
        "Answer",
        "Check",
        "wrong",
        "right",
        "without",
        "its",
    ]
    spaced += ["parts", "should", "be", *GENERALIZED_TRICKY.split()]
    spaced += ["<Key>", "</Key>", "<Cause>", "</Cause>", "<Correction>", "</Correction>", "</Generalized>", "</Answer>"]
    spaced += [f"</Step{k}>" for k in steps]
    lines = [f"<Step{k}>" for k in steps[1:]] + ["<Generalized>", "<Answer>"]
    bare = ["<Step1>", "Solution", ";", ".", ":", "?"]
    tokens = [*SPECIAL, *bare, *(" " + t for t in spaced), *("\n" + t for t in lines)]
    return list(dict.fromkeys(tokens))


def build_tokenizer(tokens: Sequence[str] | None = None) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, ready to be saved beside a student.

    Args:
        tokens: In order of their ids, `SPECIAL` first. None: those of the sandbox.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(
        models.WordLevel({token: i for i, token in enumerate(tokens or vocabulary())}, unk_token=UNKNOWN)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
