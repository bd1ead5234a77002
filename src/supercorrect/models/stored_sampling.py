"""Sampling a student so that a killed run goes on: each finished batch is in the request store before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from supercorrect.config import SamplingConfig
from supercorrect.models.placement import Batch, sample_batches
from supercorrect.models.student import Student, TokenCompletion
from supercorrect.run_folder import fingerprint_of, seed_of
from supercorrect.store import RequestStore, StoredResponse

TOKENS_OF_TEXT = "the engine gave text alone; these are the tokens that the tokenizer makes of it"
"""Stands beside completions whose ids were not sampled."""


def sample_stored(
    student: Student,
    store: RequestStore | None,
    prompts: Sequence[Sequence[int]],
    sampling: SamplingConfig,
    *,
    seed: int,
    stop: str | None = None,
    on_done: Callable[[int], None] | None = None,
) -> list[TokenCompletion]:
    """Completions of many prompts, in order.

    Prompts are sampled in batches of similar length whose make-up depends on the prompts alone, so a run that was
    killed and started again gives the completions of an undisturbed one.

    Args:
        student: Who completes them.
        store: Where finished batches stand. None: nothing is kept.
        prompts: Token ids.
        sampling: As sent to the student.
        seed: Together with a batch's content it seeds that batch.
        stop: As in `Student.sample`.
        on_done: Told how many prompts are finished in all.
    """
    places: list[tuple[str, list[int]]] = []
    batches: dict[str, Batch] = {}
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
    for start in range(0, len(order), student.batch_size):
        indices = order[start : start + student.batch_size]
        batch = [list(prompts[i]) for i in indices]
        key = fingerprint_of([student.fingerprint, sampling.model_dump(), stop, seed, batch])
        places.append((key, indices))
        batches[key] = Batch(batch, sampling, seed_of(key), stop)
    completed = {key: _read_batch(store, key, len(batch.prompts)) for key, batch in batches.items()}
    sampled = sample_batches(student, [batch for key, batch in batches.items() if completed[key] is None])
    completions: dict[int, TokenCompletion] = {}
    for key, indices in places:
        written = completed[key]
        if written is None:
            written = completed[key] = next(sampled)
            _write_batch(store, key, student.name, written)
        completions.update(zip(indices, written, strict=True))
        if on_done:
            on_done(len(completions))
    return [completions[i] for i in range(len(prompts))]


def _read_batch(store: RequestStore | None, key: str, size: int) -> list[TokenCompletion] | None:
    if store is None:
        return None
    keys = [f"{key}/{i}" for i in range(size)]
    found = store.get_many(keys)
    if len(found) < size:
        return None
    return [_from_response(found[k]) for k in keys]


def _write_batch(store: RequestStore | None, key: str, model: str, completed: list[TokenCompletion]) -> None:
    if store is not None:
        store.put_many([_to_response(f"{key}/{i}", model, completion) for i, completion in enumerate(completed)])


def _to_response(key: str, model: str, completion: TokenCompletion) -> StoredResponse:
    return StoredResponse(
        key=key,
        role="student",
        model=model,
        status="ok",
        text=completion.text,
        finish_reason=completion.finish_reason,
        token_ids=completion.token_ids,
        detail="" if completion.is_exact else TOKENS_OF_TEXT,
    )


def _from_response(response: StoredResponse) -> TokenCompletion:
    finish_reason = "length" if response.finish_reason == "length" else "stop"
    ids, is_exact = tuple(response.token_ids or ()), response.detail != TOKENS_OF_TEXT
    return TokenCompletion(ids, response.text, finish_reason, is_exact)  # type: ignore[arg-type]
