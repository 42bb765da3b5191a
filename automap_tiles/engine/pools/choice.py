"""Choose and open a worker pool."""

from __future__ import annotations

import os

from automap_tiles.engine.pools.protocol import Concurrency, Pool
from automap_tiles.errors import ConfigError
from automap_tiles.runtime import Process


def open_pool(
    process: Process,
    concurrency: Concurrency,
    workers: int | None = None,
    dask_scheduler: str | None = None,
    tile_seconds: float | None = None,
) -> Pool:
    """Start a pool; `workers` defaults to the number of CPUs available to this process.

    `tile_seconds`: timeout of a tile; only processes can be terminated during one. Raises
    `ConfigError`.
    """
    check_choice(concurrency, workers, dask_scheduler, tile_seconds)
    count = workers if workers is not None else usable_processors()
    if concurrency is Concurrency.NONE:
        from automap_tiles.engine.pools._serial import SerialPool

        return SerialPool(process)
    if concurrency is Concurrency.THREADS:
        from automap_tiles.engine.pools._threads import ThreadsPool

        return ThreadsPool(process, count)
    if concurrency is Concurrency.PROCESSES:
        from automap_tiles.engine.pools._processes import ProcessesPool

        return ProcessesPool(process, count, tile_seconds)
    if concurrency is Concurrency.LOKY:
        from automap_tiles.engine.pools._processes import LokyPool

        return LokyPool(process, count, tile_seconds)
    from automap_tiles.engine.pools._dask import DaskPool

    return DaskPool(process, workers=workers, scheduler=dask_scheduler, tile_seconds=tile_seconds)


def check_choice(
    concurrency: Concurrency,
    workers: int | None = None,
    dask_scheduler: str | None = None,
    tile_seconds: float | None = None,
) -> None:
    """Raise `ConfigError` for an impossible combination of pool options."""
    if workers is not None and workers < 1:
        raise ConfigError("at least one worker is needed", key="workers", found=workers)
    if dask_scheduler is not None and concurrency is not Concurrency.DASK:
        raise ConfigError(
            f"means nothing with concurrency {concurrency.value}",
            key="dask_scheduler",
            found=dask_scheduler,
            remedy="concurrency dask, or no scheduler",
        )
    _check_limit(concurrency, tile_seconds)


def _check_limit(concurrency: Concurrency, tile_seconds: float | None) -> None:
    if tile_seconds is None:
        return
    if not tile_seconds > 0:
        raise ConfigError("must be more than 0", key="tile-timeout", found=tile_seconds)
    if concurrency in (Concurrency.NONE, Concurrency.THREADS):
        raise ConfigError(
            "a tile that hangs can only be ended with the process that it runs in, and with "
            f"--concurrency {concurrency.value} that is the run itself",
            key="tile-timeout",
            found=tile_seconds,
            remedy="--concurrency processes (one worker: --workers 1), or no --tile-timeout",
        )


def usable_processors() -> int:
    """Number of CPUs available to this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
