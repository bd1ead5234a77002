"""A socket that a server of ours listens at."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from supercorrect.errors import InputError


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, for the length of a with-block.

    Args:
        port: 0 takes a free one.

    Raises:
        InputError: Nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                f"--port: {host}:{port} cannot be used: {reason}; choose another, or 0 for any free one"
            ) from error
        yield listener
