"""Ctrl-C and SIGTERM while requests are under way: the first drains, the second ends."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def draining_on_signals(drain: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Call `drain` at the first signal; the second does what it does to any program, at once.

    In a thread other than the main one, where no signal arrives, this does nothing. Needs a running loop.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def let_go() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def on_first(number: signal.Signals) -> None:
        let_go()
        drain(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_first, number)
    try:
        yield
    finally:
        let_go()
        for number, action in before.items():
            signal.signal(number, action)
