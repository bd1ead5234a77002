"""Figures of solutions that somebody has stored: no model is asked, ours is the grader alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supercorrect.config import GradingConfig, ProblemSetConfig
from supercorrect.errors import InputError
from supercorrect.evaluation.items import EvaluatedSample, ItemWriter, grade_texts
from supercorrect.evaluation.summary import compare_models, describe_grader, group_outcomes, summarise
from supercorrect.judging import open_grader
from supercorrect.problems.answers import text_of
from supercorrect.problems.rows import Row, read_rows
from supercorrect.progress import Reporter
from supercorrect.records import make_id

COLUMNS = {
    "problem": ("problem", "question", "query"),
    "reference_answer": ("reference_answer", "gt", "ground_truth", "target", "answer", "reference_solution"),
    "completion": ("completion", "completions", "response", "responses", "generation", "generations", "reasoning"),
    "label": ("label", "labels", "score", "scores", "is_correct", "previous_score"),
    "finish_reason": ("finish_reason", "finish_reasons"),
    "topic": ("topic", "type", "subject"),
    "level": ("level",),
}
"""Names in the wild, by ours; the first that a row has counts."""
IN_A_MODELS_COLUMN = {**COLUMNS, "completion": ("solution", *COLUMNS["completion"])}
GRADED_TOGETHER = 512


@dataclass(frozen=True)
class StoredSample:
    """One stored solution. `label` None: the file does not say whether it is right."""

    model: str
    problem_id: str
    problem: str
    reference_answer: str
    topic: str | None
    level: str | None
    sample_index: int
    completion: str
    label: bool | None
    finish_reason: str | None


@dataclass(frozen=True)
class StoredSet:
    """A file's solutions, and how many times it has a problem, or a model's column for it, with none."""

    samples: list[StoredSample]
    without_solution: int


def evaluate_stored(path: Path, grading: GradingConfig, *, output: Path | None, reporter: Reporter) -> dict[str, Any]:
    """Grade stored solutions and compute what `evaluate_models` computes of fresh ones.

    Args:
        path: See `read_stored`.
        output: Receives a row a sample; see `ItemWriter`.
    """
    stored = read_stored(path)
    samples = stored.samples
    if not samples:
        raise InputError(f"{path}: expected stored solutions, found none ({stored.without_solution} rows without one)")
    if stored.without_solution:
        reporter.say(f"{path.name}: {stored.without_solution} left out: no solution")
    rows: list[EvaluatedSample] = []
    with open_grader(grading) as grader, ItemWriter(output) as writer:
        with reporter.task(f"grade {path}", total=len(samples)) as task:
            for start in range(0, len(samples), GRADED_TOGETHER):
                part = samples[start : start + GRADED_TOGETHER]
                grades = grade_texts(grader, [(s.completion, s.reference_answer, None) for s in part])
                fresh = [
                    EvaluatedSample(
                        **vars(sample),
                        status=grade.status,
                        extracted=grade.extracted,
                        reason=grade.reason,
                    )
                    for sample, grade in zip(part, grades, strict=True)
                ]
                writer.add(fresh)
                rows += fresh
                task.update(len(rows))
        writer.finish(rows)
        names = dict.fromkeys(row.model for row in rows)
        outcomes = {
            name: group_outcomes([row for row in rows if row.model == name], grader, reporter) for name in names
        }
    return {
        "problems": {
            "source": path.stem,
            "n": len({row.problem_id for row in rows}),
            "without_solution": stored.without_solution,
        },
        "models": [{"model": name, **summarise(own)} for name, own in outcomes.items()],
        "comparisons": compare_models(outcomes),
        "grader": describe_grader(grading),
    }


def read_stored(path: Path) -> StoredSet:
    """Stored solutions, from jsonl, json or parquet, in one of three layouts.

    A row is one sample (several rows of the same problem are its samples), a problem with a list of samples, or a
    problem with a column for each model that holds `{"solution": …, "is_correct": …}`. `--output` of an evaluation is
    of the first kind.

    Raises:
        InputError: A row has no problem, no reference answer or no solution (says file:line).
    """
    samples: list[StoredSample] = []
    without_solution = 0
    seen: Counter[tuple[str, str]] = Counter()
    for where, row in read_rows(ProblemSetConfig(path=str(path))):
        problem, reference = _text(row, "problem", where), _text(row, "reference_answer", where)
        given_id = row.get("problem_id")
        topic, level = (text_of(_find(row, COLUMNS[field])) for field in ("topic", "level"))
        for model, completions, labels, reasons in _solutions(row, where):
            without_solution += completions == []
            own_id = str(given_id) if given_id is not None else make_id("problem", problem)
            several = isinstance(completions, list)
            number = seen[model, own_id]
            seen[model, own_id] += 1
            if several and number:  # the same problem in two rows is two problems
                own_id = make_id("problem", own_id, number)
            for i, written in enumerate(_each(completions, labels, reasons, where)):
                index = i if several else number
                samples.append(StoredSample(model, own_id, problem, reference, topic, level, index, *written))
    return StoredSet(samples, without_solution)


def _solutions(row: Row, where: str) -> Iterator[tuple[str, Any, Any, Any]]:
    """Model, then completion, label and finish reason, each one or a list; no completions where it has none."""
    completion = _find(row, COLUMNS["completion"])
    if completion is not None:
        yield str(row.get("model", "stored")), completion, *_beside(row)
        return
    names = IN_A_MODELS_COLUMN["completion"]
    columns = {k: value for k, value in row.items() if isinstance(value, dict) and any(name in value for name in names)}
    for model, value in columns.items():
        solution = _find(value, names)
        yield (model, [], None, None) if solution is None else (model, [solution], *_beside(value))
    if not columns:
        raise InputError(
            f"{where}: expected a solution in one of the columns {', '.join(COLUMNS['completion'])}, or a column for "
            f"each model that holds one; found: {', '.join(row)}"
        )


def _beside(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return _find(row, COLUMNS["label"]), _find(row, COLUMNS["finish_reason"])


def _each(
    completions: Any, labels: Any, finish_reasons: Any, where: str
) -> Iterator[tuple[str, bool | None, str | None]]:
    """Completion, label and finish reason of each sample; a label is true, false, 1 or 0."""
    texts = completions if isinstance(completions, list) else [completions]
    marks = _as_many(labels, len(texts), "labels", where)
    reasons = _as_many(finish_reasons, len(texts), "finish reasons", where)
    for text, mark, reason in zip(texts, marks, reasons, strict=True):
        if not isinstance(text, str):
            raise InputError(f"{where}: expected a solution's text, got {text!r:.60}")
        label = bool(mark) if isinstance(mark, int | float) and mark in (0, 1) else None
        yield text, label, reason if isinstance(reason, str) else None


def _as_many(values: Any, n: int, name: str, where: str) -> list[Any]:
    """A list as it is, and one value for all."""
    many = values if isinstance(values, list) else [values] * n
    if len(many) != n:
        raise InputError(f"{where}: expected as many {name} as solutions, got {len(many)} and {n}")
    return many


def _text(row: Row, field: str, where: str) -> str:
    try:
        text = text_of(_find(row, COLUMNS[field]))
    except ValueError as error:
        raise InputError(f"{where}: {field}: {error}") from error
    if text is None:
        raise InputError(
            f"{where}: expected the {field.replace('_', ' ')} in one of the columns {', '.join(COLUMNS[field])}; "
            f"found: {', '.join(row)}"
        )
    return text


def _find(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)
