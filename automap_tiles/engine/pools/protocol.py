"""What the run needs of a pool, and the choice of one."""

from __future__ import annotations

import os
from concurrent.futures import Future
from enum import Enum
from typing import Protocol

from automap_tiles.engine.batching import Batch
from automap_tiles.engine.events import TileResult
from automap_tiles.errors import ConfigError
from automap_tiles.runtime.process import Process

Results = Future[list[TileResult]]


class Concurrency(Enum):
    """Where tiles are worked on."""

    NONE = "none"
    THREADS = "threads"
    PROCESSES = "processes"
    DASK = "dask"


class Pool(Protocol):
    """Workers that know one process and take batches of its tiles."""

    workers: int
    batch_seconds: float
    """How much work a batch should hold: little enough to stop quickly, much enough to make the way
    to the worker cheap and to keep neighbours, which share blocks of the inputs, in one worker."""
    queue_depth: int
    """Batches in flight for each worker."""
    lost_worker: tuple[type[BaseException], ...]
    """What a future raises when its worker died."""

    def submit(self, batch: Batch) -> Results:
        """Send a batch; may raise one of `lost_worker` when the pool has just broken."""
        ...

    def restart(self) -> None:
        """Bring the pool back after a worker died."""
        ...

    def close(self, *, grace: float | None) -> None:
        """End the workers: after what is in flight (None), or after at most `grace` seconds.

        No child process is left behind.
        """
        ...


def open_pool(
    process: Process,
    concurrency: Concurrency,
    workers: int | None = None,
    dask_scheduler: str | None = None,
) -> Pool:
    """Start a pool; `workers` defaults to the processors that this process may use."""
    count = workers if workers is not None else _usable_processors()
    if count < 1:
        raise ConfigError("at least one worker is needed", key="workers", found=workers)
    if concurrency is Concurrency.NONE:
        from automap_tiles.engine.pools.serial import SerialPool

        return SerialPool(process)
    if concurrency is Concurrency.THREADS:
        from automap_tiles.engine.pools.threads import ThreadsPool

        return ThreadsPool(process, count)
    if concurrency is Concurrency.PROCESSES:
        from automap_tiles.engine.pools.processes import ProcessesPool

        return ProcessesPool(process, count)
    from automap_tiles.engine.pools.dask import DaskPool

    return DaskPool(process, workers=workers, scheduler=dask_scheduler)


def _usable_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
