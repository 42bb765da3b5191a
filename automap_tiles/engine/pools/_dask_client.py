"""Access to Dask: its package, its client, a local cluster and the state of its workers."""

from __future__ import annotations

import os
from typing import Any

from automap_tiles.engine.pools._context import begin_server
from automap_tiles.errors import ConfigError, MissingExtra

# Seconds to wait for a scheduler and its first worker.
_CONNECT_SECONDS = 30.0

Client = Any
"""`distributed.Client`, which has no types."""
DaskFuture = Any
"""`distributed.Future`."""


def distributed_package() -> Any:
    """Raises `MissingExtra`."""
    try:
        import distributed
    except ImportError as error:
        raise MissingExtra("distributed", "dask") from error
    return distributed


def local_cluster(workers: int | None, *, tries_again: bool) -> Any:
    """A cluster of single-threaded processes that only this machine can reach.

    No dashboard; what the scheduler serves all the same gets a port that is free, for its own
    default is one for all clusters of a machine.
    """
    import dask

    known: dict[str, Any] = {} if tries_again else {"distributed.scheduler.allowed-failures": 0}
    if begin_server("distributed.nanny"):
        # a fork of what has imported it all costs a third of what a fresh interpreter costs
        known["distributed.worker.multiprocessing-method"] = "forkserver"
    with dask.config.set(known):
        return distributed_package().LocalCluster(
            n_workers=workers,
            env=dict(os.environ),  # the server that forks may have begun with another one
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=50,
        )


def connect(address: Any, *, seconds: float = _CONNECT_SECONDS, workers: int = 1) -> Client:
    """A client of a scheduler that has so many workers; raises `ConfigError`.

    `address` may be a cluster of this process.
    """
    client = None
    try:
        client = distributed_package().Client(address, timeout=seconds, set_as_default=False)
        if workers:
            # an adaptive cluster that has none only starts one for work
            wanted = client.submit(_nothing, pure=False)
            client.wait_for_workers(workers, timeout=seconds)
            wanted.release()
    except (OSError, TimeoutError) as error:
        if client is not None:
            client.close()
        raise ConfigError(
            f"no Dask scheduler with a worker answers: {error}",
            key="dask-scheduler",
            found=str(address),
            remedy="start one with `dask scheduler` and `dask worker`, or leave the option out",
        ) from error
    return client


def share_environment(client: Client) -> None:
    """Have workers of this machine know no variable that is not set here (any more).

    Those that are set they know from the start, and Dask gives them some of its own.
    """
    import dask

    own = set(dask.config.get("distributed.nanny.pre-spawn-environ"))
    client.run(_keep_variables, {*os.environ, *own, "DASK_INTERNAL_INHERIT_CONFIG"})


def _keep_variables(names: set[str]) -> None:
    for name in set(os.environ) - names:
        del os.environ[name]


def is_wanted_here() -> bool:
    """In a worker: whether anybody still waits for what this thread does.

    Not of work that another worker has done meanwhile, and not of a worker whose scheduler has
    gone, for what it does is sent to others.
    """
    worker = distributed_package().get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    states = "executing", "long-running"
    alive = "running", "paused", "closing_gracefully"
    return task is not None and task.state in states and worker.status.name in alive


def _nothing() -> None:
    """Work for which a cluster needs a worker."""
