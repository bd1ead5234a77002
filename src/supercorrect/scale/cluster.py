"""A Ray cluster for the length of a run: started here or joined, looked over, and left as it was found."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import RayError, TaskUnschedulableError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from supercorrect import __version__
from supercorrect.cluster import Item, OpenWorker, Result, Training
from supercorrect.errors import ClusterError
from supercorrect.progress import Task
from supercorrect.scale.surroundings import Surroundings
from supercorrect.scale.workers import RayWorkers, Worker

LOCAL = "local"
_OBJECT_STORE_BYTES = 200_000_000  # of a cluster started here: batches and grades are small


class RayCluster:
    """See `supercorrect.cluster.Cluster`.

    Args:
        threads: Of each model that runs on CPU cores.
        say: Tells the user of losses.
    """

    def __init__(self, threads: int, say: Callable[[str], None]) -> None:
        self._threads = threads
        self._say = say

    def open(self, open_worker: OpenWorker[Item, Result], *, gpus: int) -> RayWorkers[Item, Result]:
        """Workers for one kind of work, as many as the cluster has room for."""
        surroundings = Surroundings.of_this_process(self._threads if gpus else None)
        if gpus == 0:
            options, count = {"num_cpus": 0, "scheduling_strategy": "SPREAD"}, len(_nodes())
        else:
            resource, each = ("GPU", gpus) if _total("GPU") else ("CPU", self._threads)
            options, count = {f"num_{resource.lower()}s": each}, _room(resource, each)
        actor = ray.remote(Worker).options(max_restarts=0, **options)
        return RayWorkers(partial(actor.remote, surroundings, cloudpickle.dumps(open_worker)), count, self._say)

    def train(self, training: Training, processes: int, task: Task) -> int:
        """Run a training in several processes under Ray Train."""
        from supercorrect.scale.training import train_on_ray

        use_gpu = _total("GPU") > 0
        room = _room("GPU", 1) if use_gpu else _room("CPU", self._threads)
        if room < processes:
            each = "a GPU" if use_gpu else f"{self._threads} core(s)"
            raise ClusterError(
                f"hardware.devices: expected room for {processes} processes with {each} each, got room for {room}; "
                "fewer devices with as many more gradient_accumulation_steps train the same"
            )
        cores = 1 if use_gpu else self._threads
        return train_on_ray(training, processes, task, cores=cores, threads=self._threads, use_gpu=use_gpu)


@contextmanager
def open_cluster(address: str, folder: Path, threads: int | None, say: Callable[[str], None]) -> Iterator[RayCluster]:
    """Join or start a cluster, for a run in `folder`.

    Args:
        address: `local` starts one on this machine and ends it afterwards; `auto` joins the one that this machine
            belongs to; else the `host:port` of its head.
        threads: Of each model that runs on CPU cores. None: as many as torch takes here.
        say: Tells the user of losses.

    Raises:
        ClusterError: It cannot be reached, or a node lacks the run's folder or has another version.
    """
    threads = threads or _threads_of_torch()
    _connect(address)
    try:
        _check_nodes(folder)
        cores, gpus = _total("CPU"), _total("GPU")
        say(f"ray: {len(_nodes())} node(s), {cores:g} cores, {gpus:g} GPUs; {threads} thread(s) for a model on CPU")
        yield RayCluster(threads, say)
    finally:
        ray.shutdown()


def _threads_of_torch() -> int:
    import torch

    return torch.get_num_threads()


def _connect(address: str) -> None:
    if address.startswith("ray://"):
        raise ClusterError(
            f"--ray {address}: expected a cluster that this machine is a node of, as the run's folder is "
            "written here; start the command on a node, with --ray auto"
        )
    started = {"num_cpus": os.cpu_count(), "include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address, log_to_driver=False, logging_level=logging.ERROR, **(started if address == LOCAL else {})
        )
    except (ConnectionError, RayError, RuntimeError, ValueError) as error:
        raise ClusterError(
            f"--ray {address}: no Ray cluster there: {str(error).splitlines()[0]}; `ray start --head` starts one, "
            f"--ray {LOCAL} one for this run alone"
        ) from error
    finally:
        signal.signal(signal.SIGTERM, handler)  # Ray puts its own in place, which would end the run without a word


def _nodes() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _total(resource: str) -> float:
    return float(ray.cluster_resources().get(resource, 0))


def _room(resource: str, each: int) -> int:
    """How many workers fit that need `each` of a resource on one node."""
    sizes = [node["Resources"].get(resource, 0) for node in _nodes()]
    count = sum(int(size // each) for size in sizes)
    if count == 0:
        raise ClusterError(
            f"a model needs {each} of a node's {resource}s; expected one node at least that has them, got nodes with "
            f"{', '.join(f'{size:g}' for size in sizes)}; set `threads` in the recipe lower, or add a larger node"
        )
    return count


def _check_nodes(folder: Path) -> None:
    """See that every node runs this version, and sees the folders that this process sees."""
    folder.mkdir(parents=True, exist_ok=True)
    look = ray.remote(_look)
    paths = [str(Path.cwd()), str(folder.resolve())]
    for node in _nodes():
        here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        name = node["NodeManagerAddress"]
        try:
            version, missing = ray.get(look.options(num_cpus=0, scheduling_strategy=here).remote(paths))
        except TaskUnschedulableError:  # it has left the cluster meanwhile
            continue
        except (RayError, ImportError) as error:
            raise ClusterError(f"node {name}: cannot run supercorrect: {str(error).splitlines()[0]}") from error
        if version != __version__:
            raise ClusterError(f"node {name}: expected supercorrect {__version__}, as here, got {version}")
        if missing:
            raise ClusterError(
                f"node {name} does not see {' and '.join(missing)}: the folder of the command, the run folder and "
                "the models have to be on a path that all nodes share"
            )


def _look(paths: list[str]) -> tuple[str, list[str]]:
    return __version__, [path for path in paths if not Path(path).is_dir()]
