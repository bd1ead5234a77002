"""Serving the viewer on this machine, and keeping its indexes up to date while it does."""

from __future__ import annotations

import sqlite3
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from supercorrect.errors import InputError, StorageError
from supercorrect.listening import listening
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder
from supercorrect.viewer.app import create_app
from supercorrect.viewer.index import RunIndex

HOST = "127.0.0.1"
LOOK_EVERY_SECONDS = 2.0


def open_runs(folders: Sequence[Path]) -> list[RunIndex]:
    """The indexes of run folders, not yet read.

    Raises:
        InputError: A folder is no run's.
    """
    for folder in folders:
        if not (folder / "recipe.yaml").is_file():
            raise InputError(
                f"not a run folder: expected {folder / 'recipe.yaml'}; name a folder that `supercorrect run` wrote"
            )
    return [RunIndex(folder) for folder in folders]


def view(folders: Sequence[Path], *, port: int, reviewer: str | None, browser: bool, reporter: Reporter) -> None:
    """Serve runs until a signal comes.

    Args:
        folders: Of the runs.
        port: Of 127.0.0.1; 0 takes a free one.
        reviewer: Who may decide about corrections. None: nobody.
        browser: Whether to open one.
        reporter: Is told the address.
    """
    indexes = open_runs(folders)
    if reviewer is not None:
        for folder in folders:
            RunFolder(folder).require_no_links()
    with listening(HOST, port) as listener, _kept_up_to_date(indexes, reporter):
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        reporter.say(f"{address} shows {', '.join(map(str, folders))}; Ctrl-C stops it")
        if browser:
            webbrowser.open(address)
        app = create_app(indexes, reviewer)
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        uvicorn.Server(config).run([listener])


@contextmanager
def _kept_up_to_date(indexes: Sequence[RunIndex], reporter: Reporter) -> Iterator[None]:
    """Read the runs, now and whenever they change, in a thread beside the server."""
    stop = threading.Event()

    def keep() -> None:
        while True:
            for index in indexes:
                try:
                    index.refresh()
                except (OSError, sqlite3.Error, StorageError) as error:
                    reporter.say(f"{index.root}: not read: {error}; looking again")
            if stop.wait(LOOK_EVERY_SECONDS):
                return

    thread = threading.Thread(target=keep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
