"""Tokens of a request: measured on what the store holds, or guessed from lengths, and it is said which."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from supercorrect.estimate.figures import Figure
from supercorrect.store import StoredResponse

CHARACTERS_PER_TOKEN = (2.5, 3.5, 5.0)
"""Of English text with formulas, in the vocabularies of today's models: from dense formulas to plain prose."""
OUTPUT_PER_REFERENCE = (1.0, 2.0, 4.0)
"""How much longer than the reference solution a thought or a correction is: a guess, from tags, causes and keys."""

Answered = tuple[str, StoredResponse]
"""A prompt and the response that the store has for it."""


def characters_per_token(answered: Sequence[Answered]) -> Figure:
    """How many characters of a prompt the teacher counts as one token.

    A response counts all its attempts, so the prompt counts as often.
    """
    known = [(len(prompt) * r.attempts, r.input_tokens) for prompt, r in answered if r.input_tokens]
    if not known:
        low, value, high = CHARACTERS_PER_TOKEN
        return Figure(low, value, high, f"guess: {value} characters a token ({low} to {high})")
    ratios = [characters / tokens for characters, tokens in known]
    value = sum(characters for characters, _ in known) / sum(tokens for _, tokens in known)
    low, high = _mean_range(value, ratios)
    return Figure(low, value, high, f"measured: {value:.2f} characters a token, over {len(known)} stored responses")


def input_tokens(prompts: Sequence[str], per_token: Figure, attempts: float) -> Figure:
    """Tokens charged for the prompt of one request, on average, over all its attempts."""
    characters = statistics.fmean(map(len, prompts)) * attempts if prompts else 0.0
    basis = f"{len(prompts)} prompts, {characters:.0f} characters on average; {per_token.basis}"
    return Figure(characters / per_token.high, characters / per_token.value, characters / per_token.low, basis)


def output_tokens(
    answered: Sequence[Answered], references: Sequence[str], per_token: Figure, max_new_tokens: int
) -> Figure:
    """Tokens charged for the answer to one request, on average.

    Args:
        answered: Of this stage; they decide if there are any.
        references: Reference solutions, which the guess is made from otherwise.
        max_new_tokens: What no guess may pass.
    """
    known = [response.output_tokens for _, response in answered if response.output_tokens is not None]
    if known:
        value = statistics.fmean(known)
        low, high = _mean_range(value, known)
        return Figure(low, value, high, f"measured: mean of {len(known)} stored responses of this stage")
    length = statistics.fmean(map(len, references)) if references else 0.0
    low, value, high = OUTPUT_PER_REFERENCE
    return Figure(
        min(max_new_tokens, low * length / per_token.high),
        min(max_new_tokens, value * length / per_token.value),
        min(max_new_tokens, high * length / per_token.low),
        f"guess: {value:g} times the reference solution ({low:g} to {high:g}), at most {max_new_tokens} tokens",
    )


def _mean_range(mean: float, values: Sequence[float]) -> tuple[float, float]:
    """Two standard errors around a mean; a tenth of it and more where there are too few values to tell."""
    error = 2 * statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    margin = max(error, 0.1 * mean if len(values) < 10 else 0.0)
    return max(0.0, mean - margin), mean + margin
