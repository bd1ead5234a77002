"""A Ray cluster of two nodes on this machine, one of which can be killed."""

from __future__ import annotations

from typing import Any

from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "object_store_memory": 100_000_000}


class TwoNodes:
    """The head, which the tests are on, and another node; each has one core."""

    def __init__(self) -> None:
        self._cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
        self._other: Any = None
        self.make_whole()

    @property
    def address(self) -> str:
        """Where the head is, as `--ray` takes it."""
        return str(self._cluster.address)

    def make_whole(self) -> None:
        """See that the other node is there."""
        if self._other is None:
            self._other = self._cluster.add_node(**NODE)

    def kill_other(self) -> None:
        """Kill the other node with all that runs on it, as when its machine fails."""
        self._cluster.remove_node(self._other, allow_graceful=False)
        self._other = None

    def shutdown(self) -> None:
        """End both."""
        self._cluster.shutdown()
