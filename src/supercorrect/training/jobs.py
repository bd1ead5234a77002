"""A training as data: what the stage that wants it hands to the one process, or the many, that do it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supercorrect.config import CrossDPOConfig, StudentConfig, SupervisedConfig
from supercorrect.errors import InputError
from supercorrect.progress import Task
from supercorrect.store import write_json_atomic, write_lines_atomic
from supercorrect.training.rendering import TrainingRow

if TYPE_CHECKING:  # a stage names its training before torch is needed
    from supercorrect.training.reference import TokenPair

JOB, ROWS, PAIRS = "job.json", "rows.jsonl", "pairs.jsonl"


@dataclass(frozen=True)
class PairIds:
    """A pair as token ids. Those of one problem meet in one batch; `problem_id` None: those of one prompt."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]
    problem_id: str | None


@dataclass(frozen=True)
class TrainingJob:
    """One training; the arguments are those of `train_supervised` and `train_cross_dpo`.

    Attributes:
        rows: Demonstrations as tokens; beside pairs, those that are replayed.
        config: Its kind says which of the two functions trains.
        pairs: For Cross-DPO.
    """

    model: str
    rows: Sequence[TrainingRow]
    config: SupervisedConfig | CrossDPOConfig
    student: StudentConfig
    folder: Path
    fingerprint: str
    seed: int
    report_to: tuple[str, ...] = ()
    pairs: Sequence[TokenPair] = field(default=())

    def run(self, task: Task) -> int:
        """Train, in this process or as this process's part; returns the optimiser steps taken."""
        shared: dict[str, Any] = {
            "folder": self.folder,
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "task": task,
            "report_to": self.report_to,
        }
        if isinstance(self.config, CrossDPOConfig):
            from supercorrect.training.cross_dpo import train_cross_dpo

            return train_cross_dpo(self.model, self.pairs, self.rows, self.config, self.student, **shared)
        from supercorrect.training.supervised import train_supervised

        return train_supervised(self.model, self.rows, self.config, self.student, **shared)

    def on_devices(self, devices: int) -> TrainingJob:
        """Each device's part of it."""
        return replace(self, config=self.config.on_devices(devices))


def write_job(job: TrainingJob, folder: Path) -> None:
    """Leave a job in a folder, for `read_job` in another process."""
    write_lines_atomic(folder / ROWS, _json_lines(job.rows))
    write_lines_atomic(folder / PAIRS, _json_lines(map(_token_ids, job.pairs)))
    values = {name: getattr(job, name) for name in ("model", "fingerprint", "seed", "report_to")}
    sections = {"config": job.config.model_dump(mode="json"), "student": job.student.model_dump(mode="json")}
    kind = {"cross_dpo": isinstance(job.config, CrossDPOConfig), "folder": str(job.folder.resolve())}
    write_json_atomic(folder / JOB, values | sections | kind)


def read_job(folder: Path) -> TrainingJob:
    """The job in a folder.

    Raises:
        InputError: A file is missing or damaged.
    """
    try:
        values = json.loads((folder / JOB).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / JOB}: expected what a training is to do: {error}") from error
    config = CrossDPOConfig if values.pop("cross_dpo") else SupervisedConfig
    values["config"] = config(**values["config"])
    values["student"] = StudentConfig(**values["student"])
    values["folder"], values["report_to"] = Path(values["folder"]), tuple(values["report_to"])
    rows = [TrainingRow(**row) for row in read_json_lines(folder / ROWS)]
    return TrainingJob(**values, rows=rows, pairs=read_pairs(folder / PAIRS))


def read_pairs(path: Path) -> list[PairIds]:
    """The pairs of a file; columns other than token ids and `problem_id` are left alone.

    Raises:
        InputError: A line lacks a column.
    """
    try:
        return [
            PairIds(row["prompt_ids"], row["chosen_ids"], row["rejected_ids"], row.get("problem_id"))
            for row in read_json_lines(path)
        ]
    except KeyError as error:
        raise InputError(
            f"{path}: expected prompt_ids, chosen_ids and rejected_ids in every line, no {error}"
        ) from error


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a jsonl file.

    Raises:
        InputError: It is not there, or a line is no JSON.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected one JSON object a line: {error}") from error


def _token_ids(pair: TokenPair) -> PairIds:
    problem_id = getattr(pair, "problem_id", None)
    return PairIds(list(pair.prompt_ids), list(pair.chosen_ids), list(pair.rejected_ids), problem_id)


def _json_lines(rows: Iterable[TrainingRow | PairIds]) -> Iterable[str]:
    return (json.dumps(vars(row)) for row in rows)
