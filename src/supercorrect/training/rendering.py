"""From text to the tokens that a student is sampled with and trained on: in one place, so that they are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from supercorrect.errors import ConfigError
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Demonstration

Tokenizer = Any  # transformers' PreTrainedTokenizerBase, which is untyped
IGNORED_LABEL = -100
LONGEST_CHARACTER_TOKENS = 4
"""Byte-level tokens that one character can take; in the middle of it, a text decodes to U+FFFD."""
_PROBE = "probe"


@dataclass(frozen=True)
class TrainingRow:
    """Tokens of one demonstration; `labels` equals `input_ids` where loss falls, and is -100 elsewhere."""

    input_ids: list[int]
    labels: list[int]


def user_message(template: str, **values: str) -> str:
    """The text of a student's prompt.

    Args:
        template: Name or path of the template.
        values: `problem`, and `steps` for the correction prompt.
    """
    return render_prompt(read_template(template), **values)


def chat_prompt_ids(tokenizer: Tokenizer, message: str) -> list[int]:
    """The tokens of one user turn and of whatever opens the assistant's."""
    _require_chat_template(tokenizer)
    messages = [{"role": "user", "content": message}]
    return [int(token) for token in _apply_template(tokenizer, messages, add_generation_prompt=True, return_dict=False)]


def text_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """The tokens of text inside a turn: nothing is added."""
    return [int(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]


def end_of_turn_id(tokenizer: Tokenizer) -> int:
    """The token that closes the assistant's turn: the one that the chat template writes there, else the EOS token."""
    _require_chat_template(tokenizer)
    messages = [{"role": "user", "content": _PROBE}, {"role": "assistant", "content": _PROBE}]
    text = _apply_template(tokenizer, messages, tokenize=False)
    after = text_ids(tokenizer, text.rpartition(_PROBE)[2])
    special = set(tokenizer.all_special_ids)
    return next((token for token in after if token in special), int(tokenizer.eos_token_id))


def training_row(tokenizer: Tokenizer, message: str, completion: str) -> TrainingRow:
    """A demonstration: loss on the completion and on the token that ends the turn, on nothing else (section 4.1)."""
    prompt = chat_prompt_ids(tokenizer, message)
    answer = [*text_ids(tokenizer, completion), end_of_turn_id(tokenizer)]
    return TrainingRow(prompt + answer, [IGNORED_LABEL] * len(prompt) + answer)


def demonstration_row(tokenizer: Tokenizer, demonstration: Demonstration) -> TrainingRow:
    """The row of a demonstration record: its first turn is the prompt, its last one the completion."""
    return training_row(tokenizer, demonstration.messages[0].content, demonstration.messages[-1].content)


def cut_tokens(tokenizer: Tokenizer, ids: Sequence[int], characters: int) -> list[int] | None:
    """The shortest run of first tokens that decodes to the first `characters` characters.

    White space that a tokenizer glues behind the boundary stays with the run.

    Returns:
        None where a token crosses the boundary with anything but white space: such a place cannot be cut.
    """
    text = decode_tokens(tokenizer, ids)
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        if len(decode_tokens(tokenizer, ids[:middle])) >= characters:
            high = middle
        else:
            low = middle + 1
    for length in range(low, min(low + LONGEST_CHARACTER_TOKENS, len(ids)) + 1):
        run = decode_tokens(tokenizer, ids[:length])
        if len(run) >= characters and text.startswith(run):
            return None if text[characters : len(run)].strip() else list(ids[:length])
    return None


def decode_tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    """The text of tokens, special ones left out."""
    return str(tokenizer.decode(ids, skip_special_tokens=True))


def _apply_template(tokenizer: Tokenizer, messages: list[dict[str, str]], **options: bool) -> Any:
    """What the model's own template makes of a conversation; it is rendered in jinja's sandbox."""
    try:
        return tokenizer.apply_chat_template(messages, **options)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the student's chat template cannot be filled: {error}; see to it in {tokenizer.name_or_path!r}"
        ) from error


def _require_chat_template(tokenizer: Tokenizer) -> None:
    if not tokenizer.chat_template:
        raise ConfigError(
            f"the student has no chat template: expected one in {tokenizer.name_or_path!r}; "
            "use an instruct model, or add a chat_template to its tokenizer"
        )
