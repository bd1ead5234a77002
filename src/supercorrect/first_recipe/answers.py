"""What the user says of student, teacher, problems and hardware, and what each answer stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from supercorrect.config import ProblemSetConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.models.endpoint import is_loopback
from supercorrect.problems.loading import load_problems

SANDBOX = "sandbox"
Hardware = Literal["cpu", "gpu-24gb", "gpu-80gb", "8-gpus"]
HARDWARE: tuple[Hardware, ...] = ("cpu", "gpu-24gb", "gpu-80gb", "8-gpus")
FEWEST_PROBLEMS = 10
_AT_URL = re.compile(r"(?P<model>.+?)@(?P<url>https?://.+)")


@dataclass(frozen=True)
class Answers:
    """The four answers.

    Attributes:
        student: `sandbox`, a folder, or a hub id.
        teacher: `sandbox`, a model of OpenAI's, or `name@https://host/v1`.
        problems: `sandbox`, a file, or two behind a comma: for training, and held out.
        max_cost_usd: What the teacher may cost. None: no limit.
    """

    student: str = SANDBOX
    teacher: str = SANDBOX
    problems: str = SANDBOX
    hardware: Hardware = "cpu"
    max_cost_usd: float | None = None

    @property
    def is_sandbox(self) -> bool:
        """Whether it is the sandbox's recipe, as it is shipped."""
        return self.student == self.teacher == self.problems == SANDBOX

    def require_sense(self) -> None:
        """Raise what the user can act on where the answers do not go together.

        Raises:
            ConfigError: The sandbox's student is to solve other problems than the sandbox's.
        """
        if self.student == SANDBOX != self.problems:
            raise ConfigError(
                f"--student sandbox: it knows the words of the sandbox's problems alone, not those of {self.problems}. "
                "Name a student that reads them, such as Qwen/Qwen2.5-0.5B-Instruct."
            )


def teacher_values(teacher: str) -> dict[str, str | None]:
    """The teacher's model, URL and key variable; a server on this machine wants no key, as far as anybody knows."""
    at_url = _AT_URL.fullmatch(teacher)
    if at_url is None:
        return {"model": teacher, "base_url": None, "api_key_env": "OPENAI_API_KEY"}
    key = None if is_loopback(at_url["url"]) else "TEACHER_API_KEY"
    return {"model": at_url["model"], "base_url": at_url["url"], "api_key_env": key}


def problem_sets(problems: str) -> dict[str, list[dict[str, object]]]:
    """The three splits of one file, in parts of 40, 40 and 20 %, or of a training file in halves beside a held-out one.

    Raises:
        InputError: A file is missing or not readable, or has too few problems.
    """
    train, _, held_out = (part.strip() for part in problems.partition(","))
    count = _count(train)
    for_hsft = count // 2 if held_out else count * 2 // 5
    for_errors = count - for_hsft if held_out else for_hsft
    sets: dict[str, list[dict[str, object]]] = {
        "hsft": [{"path": train, "count": for_hsft}],
        "errors": [{"path": train, "skip": for_hsft, "count": for_errors}],
        "held_out": [{"path": held_out} if held_out else {"path": train, "skip": for_hsft + for_errors}],
    }
    return sets


def _count(path: str) -> int:
    if not Path(path).is_file():
        raise InputError(f"--problems: expected a file of problems (jsonl, json or parquet), got {path}")
    [loaded] = load_problems([ProblemSetConfig(path=path)], split="hsft", seed=0)
    count = len(loaded.problems)
    if count < FEWEST_PROBLEMS:
        raise InputError(f"{path}: expected at least {FEWEST_PROBLEMS} problems with a checkable answer, got {count}")
    return count
