"""Dask: many machines through a scheduler's address, or a cluster on this one."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from functools import partial
from typing import Any
from uuid import uuid4

from automap_tiles.engine import _worker
from automap_tiles.engine._batching import Batch
from automap_tiles.engine._tile_timeout import TileWatch, TimeLimit
from automap_tiles.engine.events import TileResult
from automap_tiles.engine.pools._cluster import QUEUE_DEPTH, Cluster
from automap_tiles.engine.pools._dask_client import is_wanted_here
from automap_tiles.engine.pools._versions import (
    Versions,
    check_versions,
    local_versions,
    versions_of,
)
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.errors import ConfigError
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Note
from automap_tiles.runtime import Process
from automap_tiles.runtime.code_transfer import packed, unpacked


class DaskPool:
    """Pool for `--concurrency dask`."""

    batch_seconds = 1.0
    areas = 1
    queue_depth = QUEUE_DEPTH

    def __init__(
        self,
        process: Process,
        *,
        workers: int | None,
        scheduler: str | None,
        tile_seconds: float | None = None,
    ) -> None:
        self._limit = TimeLimit.of(tile_seconds)
        # A tile that times out must not be tried four times, nor by two workers at once.
        goes_on = self._limit is None
        self._cluster = Cluster(scheduler, workers, tries_again=goes_on, copies=goes_on)
        self.lost_worker = self._cluster.lost_worker
        if self._limit is not None and self._cluster.threads > 1:
            self._cluster.close(grace=0)
            raise ConfigError(
                "workers with several threads cannot tell which tile hangs",
                key="tile-timeout",
                found=tile_seconds,
                remedy="start them with `dask worker --nthreads 1 --nworkers N`",
            )
        self._token = uuid4().hex
        self._make = local_versions()
        if scheduler is not None:
            self._check_workers()
        sent = process, packed(process)
        self._pickled = pickle.dumps(sent, protocol=pickle.HIGHEST_PROTOCOL)

    @property
    def workers(self) -> int:
        """As many as there are at the moment."""
        return self._cluster.workers

    def submit(self, batch: Batch) -> Results:
        watch = self._limit and self._limit.watch
        given = self._token, self._pickled, batch, watch, self._make
        return self._cluster.submit(_run_batch, *given, name=str(batch.steps[0].index))

    def overdue(self) -> dict[TileIndex, str]:
        """Only for workers on this machine; records of remote ones cannot be read."""
        return {} if self._limit is None else self._limit.overdue()

    def restart(self) -> int | None:
        """Nothing to do: the scheduler continues with other workers, nannies restart dead ones."""

    def news(self) -> list[Note]:
        return self._cluster.news()

    def close(self, *, grace: float | None) -> None:
        with self._limit or nullcontext():
            # The workers outlive this run, and so would the data they keep for it.
            self._cluster.close(grace=grace, last=partial(_worker.forget, self._token))

    def _check_workers(self) -> None:
        """Raise `ConfigError` when one of the present workers has other versions."""
        try:
            check_versions(self._make, self._cluster.everywhere(versions_of, [*self._make]))
        except ConfigError:
            self._cluster.close(grace=0)
            raise


class DaskTaskPool:
    """Workers of a cluster for things that are not tiles; see `task_pool.TaskPool`."""

    shares_disk = False

    def __init__(self, *, workers: int | None, scheduler: str | None) -> None:
        # who was under way with a worker that died is tried again by `each`
        self._cluster = Cluster(scheduler, workers, tries_again=False, copies=False)
        self.lost_worker = self._cluster.lost_worker

    @property
    def workers(self) -> int:
        """As many as there are at the moment."""
        return self._cluster.workers

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        return self._cluster.submit(work, *given)

    def restart(self) -> int | None:
        """Nothing to do, as in `DaskPool`."""

    def news(self) -> list[Note]:
        return self._cluster.news()

    def close(self, *, orderly: bool) -> None:
        self._cluster.close(grace=None if orderly else 0)


def _run_batch(
    token: str, pickled: bytes, batch: Batch, watch: TileWatch | None, make: Versions
) -> list[TileResult]:
    """Workers come and go on a cluster, so each batch carries its process along."""
    if not _worker.is_registered(token):
        check_versions(make, {_here(): versions_of([*make])})
        process, luggage = pickle.loads(pickled)
        _worker.register(token, unpacked(process, luggage), watch)
    return _worker.run_batch(token, batch, is_wanted_here)


def _here() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
