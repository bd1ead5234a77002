"""What a person sees of work under way: a live bar in a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_LINE_EVERY_SECONDS = 10.0
WATCHED_EVERY_SECONDS = 1.0
Watch = Callable[[str, int, int, str], None]
"""Is told a label, what is done, of how much, and a note."""


@dataclass
class Task:
    """Work of a known size. `advance` is called as it goes on; `note` is shown behind the figures."""

    label: str
    total: int
    reporter: Reporter
    done: int = 0
    note: str = ""
    begun: float = field(default_factory=time.monotonic)
    bar_id: int | None = None

    def advance(self, count: int = 1, note: str | None = None) -> None:
        """Say that `count` more items are done."""
        self.update(self.done + count, note)

    def update(self, done: int, note: str | None = None) -> None:
        """Say that `done` items are done in all."""
        self.done = done
        self.note = self.note if note is None else note
        self.reporter.show(self)

    def resize(self, done: int, total: int) -> None:
        """Say that `done` of `total` items are done, where the total was not known before."""
        self.total = total
        self.update(done)


class Reporter:
    """Shows tasks. One for the whole run; `watch`, where there is one, is told about once a second."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self._bars: Progress | None = None
        self._last_line = 0.0
        self.watch: Watch | None = None
        self._last_watched = 0.0

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Task]:
        """Show `total` items of work for the length of a with-block."""
        task = Task(label, total, self)
        if not self.console.is_terminal:
            self._last_line = time.monotonic()
            yield task
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(
            *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console, transient=True
        ) as bars:
            self._bars = bars
            task.bar_id = bars.add_task(label, total=total, note="")
            try:
                yield task
            finally:
                self._bars = None

    def show(self, task: Task) -> None:
        """Redraw a task's bar; without a terminal, print a line every few seconds."""
        elapsed = time.monotonic() - task.begun
        if self.watch and time.monotonic() - self._last_watched >= WATCHED_EVERY_SECONDS:
            self._last_watched = time.monotonic()
            self.watch(task.label, task.done, task.total, task.note)
        rate = task.done / elapsed if elapsed > 0 else 0.0
        if self._bars is not None and task.bar_id is not None:
            self._bars.update(task.bar_id, completed=task.done, total=task.total, note=f"{rate:.1f}/s {task.note}")  # type: ignore[arg-type]
            return
        if time.monotonic() - self._last_line < PLAIN_LINE_EVERY_SECONDS:
            return
        self._last_line = time.monotonic()
        left = (task.total - task.done) / rate if rate > 0 else float("nan")
        self.say(f"{task.label}: {task.done}/{task.total}, {rate:.1f}/s, {left:.0f} s left {task.note}".rstrip())
