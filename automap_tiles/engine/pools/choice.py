"""The choice of a pool."""

from __future__ import annotations

import os

from automap_tiles.engine.pools.protocol import Concurrency, Pool
from automap_tiles.errors import ConfigError
from automap_tiles.runtime.process import Process


def open_pool(
    process: Process,
    concurrency: Concurrency,
    workers: int | None = None,
    dask_scheduler: str | None = None,
) -> Pool:
    """Start a pool; `workers` defaults to the processors that this process may use."""
    count = workers if workers is not None else usable_processors()
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


def usable_processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
