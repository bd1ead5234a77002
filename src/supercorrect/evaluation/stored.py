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


def evaluate_stored(path: Path, grading: GradingConfig, *, output: Path | None, reporter: Reporter) -> dict[str, Any]:
    """Grade stored solutions and compute what `evaluate_models` computes of fresh ones.

    Args:
        path: See `read_stored`.
        output: Receives a row a sample; see `ItemWriter`.
    """
    samples = list(read_stored(path))
    if not samples:
        raise InputError(f"{path}: expected stored solutions, found none")
    rows: list[EvaluatedSample] = []
    with open_grader(grading) as grader, ItemWriter(output) as writer:
        with reporter.task(f"grade {path}", total=len(samples)) as task:
            for start in range(0, len(samples), GRADED_TOGETHER):
                part = samples[start : start + GRADED_TOGETHER]
                grades = grade_texts(grader, [(s.completion, s.reference_answer, None) for s in part])
                fresh = [
                    EvaluatedSample(
                        **vars(sample),
                        finish_reason=None,
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
        "problems": {"source": path.stem, "n": len({row.problem_id for row in rows})},
        "models": [{"model": name, **summarise(own)} for name, own in outcomes.items()],
        "comparisons": compare_models(outcomes),
        "grader": describe_grader(grading),
    }


def read_stored(path: Path) -> Iterator[StoredSample]:
    """Stored solutions, from jsonl, json or parquet, in one of three layouts.

    A row is one sample (several rows of the same problem are its samples), a problem with a list of samples, or a
    problem with a column for each model that holds `{"solution": …, "is_correct": …}`. `--output` of an evaluation is
    of the first kind.

    Raises:
        InputError: A row has no problem, no reference answer or no solution (says file:line).
    """
    seen: Counter[tuple[str, str]] = Counter()
    for where, row in read_rows(ProblemSetConfig(path=str(path))):
        problem, reference = _text(row, "problem", where), _text(row, "reference_answer", where)
        given_id = row.get("problem_id")
        topic, level = (text_of(_find(row, COLUMNS[field])) for field in ("topic", "level"))
        for model, completions, labels in _solutions(row, where):
            own_id = str(given_id) if given_id is not None else make_id("problem", problem)
            several = isinstance(completions, list)
            number = seen[model, own_id]
            seen[model, own_id] += 1
            if several and number:  # the same problem in two rows is two problems
                own_id = make_id("problem", own_id, number)
            for i, (completion, label) in enumerate(_each(completions, labels, where)):
                index = i if several else number
                yield StoredSample(model, own_id, problem, reference, topic, level, index, completion, label)


def _solutions(row: Row, where: str) -> Iterator[tuple[str, Any, Any]]:
    """Model, completion or completions, label or labels."""
    completion = _find(row, COLUMNS["completion"])
    if completion is not None:
        yield str(row.get("model", "stored")), completion, _find(row, COLUMNS["label"])
        return
    columns = {name: value for name, value in row.items() if isinstance(value, dict)}
    for name, value in columns.items():
        solution = _find(value, IN_A_MODELS_COLUMN["completion"])
        if solution is not None:
            yield name, [solution], [_find(value, COLUMNS["label"])]
    if not columns:
        raise InputError(
            f"{where}: expected a solution in one of the columns {', '.join(COLUMNS['completion'])}, or a column for "
            f"each model that holds one; found: {', '.join(row)}"
        )


def _each(completions: Any, labels: Any, where: str) -> Iterator[tuple[str, bool | None]]:
    texts = completions if isinstance(completions, list) else [completions]
    marks = labels if isinstance(labels, list) else [labels] * len(texts)
    if len(marks) != len(texts):
        raise InputError(f"{where}: expected as many labels as solutions, got {len(marks)} and {len(texts)}")
    for text, mark in zip(texts, marks, strict=True):
        if not isinstance(text, str):
            raise InputError(f"{where}: expected a solution's text, got {text!r:.60}")
        yield text, mark if isinstance(mark, bool) else None


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
