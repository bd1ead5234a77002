"""Work on two nodes: in order, opened once, and whole where a worker or a node is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from supercorrect.errors import ClusterError, InputError, WorkersLostError
from supercorrect.scale.cluster import open_cluster
from two_nodes import TwoNodes

Square = Callable[[int], int]


@contextmanager
def squares(log: Path) -> Iterator[Square]:
    """A worker that squares numbers, and leaves a line where it is opened."""
    with log.open("a") as stream:
        stream.write(f"{os.getpid()}\n")
    yield lambda number: number * number


@contextmanager
def slow_squares() -> Iterator[Square]:
    """A worker that takes its time."""

    def square(number: int) -> int:
        time.sleep(0.2)
        return number * number

    yield square


@contextmanager
def dying_squares(deaths: Path, times: int) -> Iterator[Square]:
    """A worker that is killed by the number 3, so many times."""

    def square(number: int) -> int:
        if number == 3 and len(list(deaths.iterdir())) < times:
            (deaths / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    yield square


@contextmanager
def refused_squares() -> Iterator[Square]:
    """A worker that cannot be opened."""
    raise InputError("no such model")
    yield


def test_results_come_in_order_and_workers_are_opened_once(two_nodes: TwoNodes, tmp_path: Path) -> None:
    log, said = tmp_path / "opened", list[str]()
    with open_cluster(two_nodes.address, tmp_path, 1, said.append) as cluster:
        workers = cluster.open(partial(squares, log), gpus=0)
        assert not log.exists()
        for count in (7, 20):
            results = workers.map(range(count))
            assert [next(results) for _ in range(count)] == [number**2 for number in range(count)]
            del results  # not asked for an end, as `sample_stored` does not ask
        workers.close()
    pids = log.read_text().split()
    assert len(pids) == len(set(pids)) <= 2  # each was opened once; one may be done before the other begins
    assert said == ["ray: 2 node(s), 2 cores, 0 GPUs; 1 thread(s) for a model on CPU"]


def test_a_lost_worker_is_replaced_and_its_work_done_again(two_nodes: TwoNodes, tmp_path: Path) -> None:
    deaths, said = tmp_path / "deaths", list[str]()
    deaths.mkdir()
    with open_cluster(two_nodes.address, tmp_path, 1, said.append) as cluster:
        workers = cluster.open(partial(dying_squares, deaths, 1), gpus=0)
        assert list(workers.map(range(12))) == [number**2 for number in range(12)]
        workers.close()
    assert len(list(deaths.iterdir())) == 1
    assert "a worker was lost (ActorDiedError); another takes its place and its work" in said


def test_work_that_takes_every_worker_down_is_given_up(two_nodes: TwoNodes, tmp_path: Path) -> None:
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        workers = cluster.open(partial(dying_squares, deaths, 99), gpus=0)
        with pytest.raises(WorkersLostError, match="has lost 5 workers"):
            list(workers.map(range(12)))
    assert len(list(deaths.iterdir())) == 5


def test_what_a_worker_raises_arrives_as_it_is(two_nodes: TwoNodes, tmp_path: Path) -> None:
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        workers = cluster.open(refused_squares, gpus=0)
        with pytest.raises(InputError, match=r"^no such model$"):
            list(workers.map(range(2)))


def test_a_model_that_fits_no_node_is_refused(two_nodes: TwoNodes, tmp_path: Path) -> None:
    with (
        open_cluster(two_nodes.address, tmp_path, 3, lambda text: None) as cluster,
        pytest.raises(ClusterError, match=r"needs 3 of a node's CPUs; .* got nodes with 1, 1"),
    ):
        cluster.open(slow_squares, gpus=1)


@pytest.mark.slow
def test_a_node_that_dies_loses_nothing(two_nodes: TwoNodes, tmp_path: Path) -> None:
    with open_cluster(two_nodes.address, tmp_path, 1, lambda text: None) as cluster:
        workers = cluster.open(slow_squares, gpus=0)
        results = []
        for result in workers.map(range(60)):
            results.append(result)
            if len(results) == 10:
                two_nodes.kill_other()
        workers.close()
    assert results == [number**2 for number in range(60)]


def test_a_client_of_a_cluster_is_told_to_go_to_a_node(tmp_path: Path) -> None:
    with (
        pytest.raises(ClusterError, match="start the command on a node"),
        open_cluster("ray://127.0.0.1:10001", tmp_path, 1, lambda text: None),
    ):
        pass
