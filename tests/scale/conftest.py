"""One cluster for all tests here: to start it takes longer than most of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from two_nodes import TwoNodes

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # by default workers get next to nothing of a busy machine


@pytest.fixture(scope="session")
def started_nodes() -> Iterator[TwoNodes]:
    """Two nodes, for the length of the session."""
    from two_nodes import TwoNodes

    nodes = TwoNodes()
    yield nodes
    nodes.shutdown()


@pytest.fixture
def two_nodes(started_nodes: TwoNodes) -> TwoNodes:
    """Two nodes, both there."""
    started_nodes.make_whole()
    return started_nodes
