"""What is fuzzed: each target takes any bytes, and raises nothing but the one error that its reader promises."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from supercorrect.config import GradingPolicy, ProblemSetConfig, load_recipe
from supercorrect.errors import ConfigError, InputError
from supercorrect.formats import (
    parse_correction,
    parse_inspection,
    parse_step_review,
    parse_thought,
    render_correction,
    render_thought,
    split_steps,
)
from supercorrect.grading.pool import CheckResult
from supercorrect.grading.tasks import make_task
from supercorrect.localisation.loading import load_labelled_sets
from supercorrect.models.reply import Reply, read_reply
from supercorrect.problems import load_problems
from supercorrect.records import (
    Attempt,
    Correction,
    Decision,
    Demonstration,
    Pair,
    Problem,
    Record,
    Rejection,
    Solution,
    Thought,
    Verdict,
)
from supercorrect.store import read_records

CORPUS = Path(__file__).parent / "corpus"
BETWEEN = "\x1f"
"""Between the reference answer and the completion in a case of `grading`."""
RECORD_TYPES: tuple[type[Record], ...] = (
    *(Attempt, Correction, Decision, Demonstration, Pair, Problem, Rejection, Solution, Thought, Verdict),
)
_FOLDER = Path(tempfile.mkdtemp(prefix="supercorrect-fuzz-"))
_TASKS = [
    make_task(name, GradingPolicy(), lambda reference, answer: CheckResult(None, "undecided"))
    for name in ("math", "multiple_choice", "exact", "numeric")
]


def _text(data: bytes) -> str:
    """Any text that Python can hold: a byte that is no UTF-8 becomes half of a surrogate pair."""
    return data.decode("utf-8", "surrogateescape")


def thought(data: bytes) -> None:
    """A thought that was read is read again the same when it is written."""
    result = parse_thought(_text(data))
    if result.record is not None:
        assert parse_thought(render_thought(result.record)).record == result.record


def correction(data: bytes) -> None:
    """As `thought`, of a trace; and a review of one step."""
    result = parse_correction(_text(data))
    if result.record is not None:
        assert parse_correction(render_correction(result.record)).record == result.record
    parse_step_review(_text(data))


def steps(data: bytes) -> None:
    """The steps of a solution are in order and apart, and an inspector's reply has one verdict or none."""
    edges = [edge for span in split_steps(_text(data)) for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert parse_inspection(_text(data)).verdict in ("accept", "revise", None)


def grading(data: bytes) -> None:
    """Extraction, normalisation and comparison, all but the worker, for every task."""
    reference, _, completion = _text(data).partition(BETWEEN)
    for task in _TASKS:
        extraction = task.extract(completion)
        if extraction is not None:
            assert task.grade(extraction, reference).status in ("correct", "incorrect", "ungradable")


def reply(data: bytes) -> None:
    """The body of a teacher's answer, of both APIs."""
    for is_response in (False, True):
        assert isinstance(read_reply(data, "model", 5, is_response), Reply)


def recipe(data: bytes) -> None:
    """A recipe, read, and its values as an override."""
    path = _FOLDER / "recipe.yaml"
    path.write_bytes(data)
    with suppress(ConfigError):
        load_recipe(path)


def records(data: bytes) -> None:
    """A file of every kind of record, and the manifest."""
    path = _FOLDER / "records.jsonl"
    path.write_bytes(data)
    for record_type in RECORD_TYPES:
        with suppress(InputError):
            read_records(path, record_type)


def problems(data: bytes) -> None:
    """A set of problems as JSON lines and as one list, and a step-labelled set."""
    for name in ("set.jsonl", "set.json"):
        path = _FOLDER / name
        path.write_bytes(data)
        with suppress(InputError):
            load_problems([ProblemSetConfig(path=str(path))], split="held_out", seed=0)
        with suppress(InputError, ConfigError):
            load_labelled_sets([path], None)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (thought, correction, steps, grading, reply, recipe, records, problems)
}


def read_corpus(name: str) -> list[bytes]:
    """The cases that are kept for a target: good ones to start from, and all that once went wrong."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def pieces_of(name: str) -> list[bytes]:
    """What the cases of a target are made of: its words, signs and spaces."""
    return sorted({piece for case in read_corpus(name) for piece in re.split(rb"(\W)", case) if piece})
