"""Which rows of a set are taken: by level and topic, from where, how many, and in which order."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice

from supercorrect.config import ProblemSetConfig
from supercorrect.records import Problem

MAX_NAMED = 12


class RowFilter:
    """Keeps the rows of the levels and topics that a set asks for, and remembers which there were."""

    def __init__(self, config: ProblemSetConfig) -> None:
        self._levels = None if config.levels is None else {_bare_level(level) for level in config.levels}
        self._topics = None if config.topics is None else {topic.casefold() for topic in config.topics}
        self._seen: Counter[str] = Counter()
        self.passed = 0

    def takes(self, level: str | None, topic: str | None) -> bool:
        """Whether a row is asked for."""
        if self._levels is None and self._topics is None:
            self.passed += 1
            return True
        self._seen[f"{level or 'no level'}, {topic or 'no topic'}"] += 1
        taken = (self._levels is None or _bare_level(level or "") in self._levels) and (
            self._topics is None or (topic or "").casefold() in self._topics
        )
        self.passed += taken
        return taken

    def describe_seen(self) -> str:
        """The levels and topics that the rows had, the commonest first."""
        named = [f"{name} ({count})" for name, count in self._seen.most_common(MAX_NAMED)]
        return "; ".join([*named, *(["…"] if len(self._seen) > MAX_NAMED else [])]) or "no rows"


def select(problems: list[Problem], config: ProblemSetConfig) -> list[Problem]:
    """The problems that a set takes, of those that passed its filter: drawn by its seed or in order, after `skip`."""
    if config.seed is not None:
        problems = random.Random(config.seed).sample(problems, len(problems))
    end = None if config.count is None else config.skip + config.count
    return list(islice(problems, config.skip, end))


def enough(found: int, config: ProblemSetConfig) -> bool:
    """Whether no further row can be taken, so that the rest of the file need not be read."""
    return config.seed is None and config.count is not None and found >= config.skip + config.count


def _bare_level(level: int | str) -> str:
    return str(level).casefold().removeprefix("level").strip()
